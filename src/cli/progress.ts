const EVERY_MS = 500;

/** One line on a terminal that says how far long work has come, written over and over; nothing where nobody looks. */
export class ProgressLine {
  readonly #stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;
  #lastMs = 0;
  #width = 0;

  constructor(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = process.stderr) {
    this.#stream = stream;
  }

  show(text: string): void {
    if (this.#stream.isTTY !== true || Date.now() - this.#lastMs < EVERY_MS) return;
    this.#lastMs = Date.now();
    this.#stream.write(`\r${text.padEnd(this.#width)}`);
    this.#width = text.length;
  }

  /** Takes the line away, before anything else is written. */
  clear(): void {
    if (this.#width > 0) this.#stream.write(`\r${' '.repeat(this.#width)}\r`);
    this.#width = 0;
  }
}
