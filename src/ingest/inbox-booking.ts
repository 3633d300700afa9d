import type { Inbox } from './inbox.ts';

/** For an announcement that was missed. */
const EVERY_MS = 60_000;

/**
 * Books what devices sent before they were added, by whomever and wherever: as soon as devices are said to have changed, and now and
 * then. One run at a time; what is said meanwhile makes it run once more.
 */
export class InboxBooking {
  readonly #inbox: Pick<Inbox, 'bookAdded'>;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  constructor(inbox: Pick<Inbox, 'bookAdded'>) {
    this.#inbox = inbox;
    this.#timer = setInterval(() => this.soon(), EVERY_MS).unref();
  }

  soon(): void {
    this.#again = true;
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      await this.#inbox.bookAdded();
    }
    this.#running = null;
  }
}
