import { NotSignedIn, TooMany } from '../domain/errors.ts';
import type { AccountService } from '../services/services.ts';

export interface SignInLimitOptions {
  /** Failures within the window after which an address must wait for an account. */
  failures?: number;
  windowS?: number;
  /** Pairs of address and account remembered; the oldest are forgotten first. */
  maxRemembered?: number;
}

interface Attempts {
  /** Times of failures, oldest first. */
  failedMs: number[];
  running: number;
  /** Attempts that wait because those running could be the last allowed to fail. */
  waiting: (() => void)[];
}

/**
 * Slows guessing down: failures per address and account. Neither a whole site behind one proxy nor an account under attack from
 * elsewhere is locked out, and successes cost nothing. In memory, so each process counts for itself.
 */
export class SignInLimit {
  readonly #failures: number;
  readonly #windowMs: number;
  readonly #maxRemembered: number;
  readonly #attempts = new Map<string, Attempts>();

  constructor({ failures = 5, windowS = 60, maxRemembered = 10_000 }: SignInLimitOptions = {}) {
    this.#failures = failures;
    this.#windowMs = windowS * 1000;
    this.#maxRemembered = maxRemembered;
  }

  /** How many pairs are remembered. */
  get size(): number {
    return this.#attempts.size;
  }

  /**
   * Runs one attempt and counts it when it ends in NotSignedIn. Of many at once only as many run as may still fail.
   * @throws TooMany, or whatever `attempt` throws
   */
  async attempt<T>(address: string, account: string, now: Date, attempt: () => Promise<T>): Promise<T> {
    const key = `${networkOf(address)} ${account.trim().toLowerCase().slice(0, 320)}`;
    const attempts = this.#remember(key);
    await this.#admit(attempts, now.getTime());
    try {
      const result = await attempt();
      attempts.failedMs = [];
      return result;
    } catch (error) {
      if (error instanceof NotSignedIn) attempts.failedMs.push(now.getTime());
      throw error;
    } finally {
      attempts.running--;
      for (const wake of attempts.waiting.splice(0)) wake();
      if (attempts.running === 0 && attempts.failedMs.length === 0 && attempts.waiting.length === 0) {
        if (this.#attempts.get(key) === attempts) this.#attempts.delete(key);
      }
    }
  }

  /** Counts the attempt as running in the same step that lets it pass: between the two another could slip through. */
  async #admit(attempts: Attempts, nowMs: number): Promise<void> {
    for (;;) {
      attempts.failedMs = attempts.failedMs.filter((ms) => ms > nowMs - this.#windowMs);
      if (attempts.failedMs.length + attempts.running < this.#failures) {
        attempts.running++;
        return;
      }
      if (attempts.running === 0) {
        const oldestMs = attempts.failedMs[0] ?? nowMs;
        const waitS = Math.ceil((oldestMs + this.#windowMs - nowMs) / 1000);
        throw new TooMany('Too many failed attempts. Please wait a little.', Math.max(1, waitS));
      }
      await new Promise<void>((wake) => attempts.waiting.push(wake));
    }
  }

  #remember(key: string): Attempts {
    const attempts = this.#attempts.get(key) ?? { failedMs: [], running: 0, waiting: [] };
    this.#attempts.delete(key);
    this.#attempts.set(key, attempts);
    if (this.#attempts.size > this.#maxRemembered) this.#attempts.delete(this.#attempts.keys().next().value as string);
    return attempts;
  }
}

/** The same accounts, whose `signIn` is limited: for pages and API alike, so that neither can forget it. */
export function limitSignIns<A extends AccountService>(accounts: A, limit: SignInLimit): A {
  return {
    ...accounts,
    signIn: (email, password, client, now, otp) =>
      limit.attempt(client.address, email, now, () => accounts.signIn(email, password, client, now, otp)),
  };
}

/** One household's addresses count as one: with IPv6 anybody has 2^64 of them (RFC 6177). */
export function networkOf(address: string): string {
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (v4 !== undefined || !address.includes(':')) return v4 ?? address;
  const [front = '', back] = address.split('::');
  const groups = front === '' ? [] : front.split(':');
  const backGroups = back === undefined || back === '' ? [] : back.split(':');
  if (back !== undefined) groups.push(...Array<string>(Math.max(0, 8 - groups.length - backGroups.length)).fill('0'));
  return `${[...groups, ...backGroups].slice(0, 4).join(':').toLowerCase()}::/64`;
}
