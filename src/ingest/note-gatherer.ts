import { isOutage } from '../db/errors.ts';

/** A fleet tells of itself hundreds of times a second: what came meanwhile is written together. */
const GATHER_MS = 250;
const MAX_AT_ONCE = 500;
const MAX_WAITING = 5_000;

/**
 * Notes of one kind, some hundred in one statement: the first at once, what comes within the next quarter of a second with the one after
 * it. One statement at a time, and in it each subject once: what is told of a subject later is written later.
 */
export class NoteGatherer<Note extends { readonly subject: string }> {
  readonly #write: (notes: readonly Note[]) => Promise<void>;
  readonly #onRefused: (subjects: readonly string[], error: unknown) => void;
  #waiting: Note[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  #startedAt = Number.NEGATIVE_INFINITY;

  /** @param onRefused is told whose notes could not be written, and why; they are not kept */
  constructor(
    write: (notes: readonly Note[]) => Promise<void>,
    onRefused: (subjects: readonly string[], error: unknown) => void,
  ) {
    this.#write = write;
    this.#onRefused = onRefused;
  }

  /** @returns false when too many wait: then it is shed */
  add(note: Note): boolean {
    if (this.#waiting.length >= MAX_WAITING) return false;
    this.#waiting.push(note);
    this.#schedule();
    return true;
  }

  /** Writes what waits without waiting for more. */
  async settled(): Promise<void> {
    while (this.#writing !== null || this.#waiting.length > 0) {
      this.#begin();
      await this.#writing;
    }
  }

  #schedule(): void {
    if (this.#timer !== null || this.#writing !== null || this.#waiting.length === 0) return;
    const restMs = this.#startedAt + GATHER_MS - performance.now();
    this.#timer = setTimeout(() => this.#begin(), Math.max(0, restMs));
  }

  #begin(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#writing !== null) return;
    this.#startedAt = performance.now();
    this.#writing = this.#writeAll(this.#take()).finally(() => {
      this.#writing = null;
      this.#schedule();
    });
  }

  /** In one order for every writer: two of them may note the same subjects at once. */
  #take(): Note[] {
    const taken = new Map<string, Note>();
    this.#waiting = this.#waiting.filter((note) => {
      if (taken.size >= MAX_AT_ONCE || taken.has(note.subject)) return true;
      taken.set(note.subject, note);
      return false;
    });
    return [...taken.values()].sort((a, b) => (a.subject < b.subject ? -1 : 1));
  }

  async #writeAll(notes: readonly Note[]): Promise<void> {
    try {
      await this.#write(notes);
    } catch (error) {
      if (notes.length === 1 || isOutage(error)) {
        this.#onRefused(
          notes.map(({ subject }) => subject),
          error,
        );
        return;
      }
      // One of them is refused: halve until it stands alone, so that it takes nobody along.
      const middle = notes.length >> 1;
      await this.#writeAll(notes.slice(0, middle));
      await this.#writeAll(notes.slice(middle));
    }
  }
}
