import { Unavailable } from '../domain/errors.ts';

const COME_AGAIN_S = 10;
/** A small device gives up soon after, and sends the same again: better told at once than let in and kept waiting. */
const MOST_WAIT_MS = 2_000;
/** So few are no crowd: what keeps them waiting is not each other, but as it may be a database that is away for a moment. */
const FEW = 200;
/**
 * Worked on at once: two flushes and those who are prepared for the next. Who waits for a turn is only a body and a connection; read, it
 * would be many times that, and would live so long that it counts as old when it is cleaned away.
 */
const AT_WORK = 600;

/** What one who is done tells of the next: with so many inside, itself included, it took so long. */
export interface Done {
  inside: number;
  waitedMs: number;
}

/**
 * How many may be inside so that each is done within `MOST_WAIT_MS`, as far as the last one tells. Who took longer makes the room as
 * small as would have been in time; who was quick makes it larger by one, so that a machine that was slow for a while is soon trusted
 * again.
 * @param room as it was until now
 */
export function roomAfter(
  room: number,
  { inside, waitedMs }: Done,
  { few, most }: { few: number; most: number },
): number {
  if (waitedMs < MOST_WAIT_MS / 2) return Math.min(most, room + 1);
  if (waitedMs <= MOST_WAIT_MS || inside < few) return room;
  return Math.max(few, Math.min(room, Math.floor((inside * MOST_WAIT_MS) / waitedMs)));
}

/**
 * Lets so many in at once as are done in good time, and never more than `most`. Counted is work, not who waits to send it: a body may
 * never come, the end of work always does.
 */
export class Doorkeeper {
  /** What the others are told. */
  readonly refusal = new Unavailable('Too many are sending at once.', { retryAfterS: COME_AGAIN_S });
  readonly #most: number;
  readonly #few: number;
  readonly #atWork: number;
  readonly #nowMs: () => number;
  #room: number;
  #inside = 0;
  #working = 0;
  readonly #waiting: (() => void)[] = [];
  /** When the last one was done, or the first came in. */
  #movedMs = 0;

  constructor(most: number, nowMs: () => number = () => performance.now(), atWork = AT_WORK) {
    this.#most = most;
    this.#atWork = atWork;
    this.#few = Math.min(FEW, most);
    this.#room = most;
    this.#nowMs = nowMs;
  }

  get isFull(): boolean {
    return this.#inside >= this.#room || (this.#inside >= this.#few && this.#nowMs() - this.#movedMs > MOST_WAIT_MS);
  }

  /** How many more could come in before it is half full; 0 when it is. */
  get spare(): number {
    return this.isFull ? 0 : Math.max(0, Math.ceil(this.#room / 2) - this.#inside);
  }

  /** Works at once or, where enough are at work, in the order of coming. @throws Unavailable when there is no room, and what the work throws */
  async admit<T>(work: () => Promise<T>): Promise<T> {
    if (this.isFull) throw this.refusal;
    const sinceMs = this.#nowMs();
    if (this.#inside === 0) this.#movedMs = sinceMs;
    const inside = ++this.#inside;
    if (this.#working < this.#atWork) this.#working++;
    // Its turn is handed on by one who is done, who stays counted for it.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#working--;
      else next();
      this.#inside--;
      this.#movedMs = this.#nowMs();
      const done = { inside, waitedMs: this.#movedMs - sinceMs };
      this.#room = roomAfter(this.#room, done, { few: this.#few, most: this.#most });
    }
  }
}
