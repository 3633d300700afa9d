import { NotSignedIn, TooMany } from '../domain/errors.ts';
import type { ApiKeyService, IdentifiedKey } from '../services/services.ts';
import { networkOf } from './sign-in-limit.ts';

export interface KeyLimitOptions {
  /** Refused keys within the window after which a network's unknown keys are no longer looked up. */
  refusals?: number;
  windowS?: number;
  /** Networks remembered; the oldest are forgotten first. */
  maxRemembered?: number;
}

/**
 * Slows the guessing of API keys down. Only keys that turn out to be nobody's count, per network (`networkOf`). Beyond the limit an
 * unknown key is refused without a query; one that was good before is let through, so that nobody suffers from a neighbour behind the
 * same address. What is refused unseen does not count again, so the wait ends by itself. In memory: each process counts for itself.
 */
export class KeyLimit {
  readonly #refusals: number;
  readonly #windowMs: number;
  readonly #maxRemembered: number;
  /** Times of refusals, oldest first, by network. */
  readonly #refusedMs = new Map<string, number[]>();

  constructor({ refusals = 20, windowS = 60, maxRemembered = 10_000 }: KeyLimitOptions = {}) {
    this.#refusals = refusals;
    this.#windowMs = windowS * 1000;
    this.#maxRemembered = maxRemembered;
  }

  /** How many networks are remembered. */
  get size(): number {
    return this.#refusedMs.size;
  }

  /** @throws NotSignedIn when the key is nobody's, TooMany when the network sent too many of those */
  async identify(
    apiKeys: Pick<ApiKeyService, 'identify' | 'remembers'>,
    key: string,
    address: string,
    now: Date,
  ): Promise<IdentifiedKey> {
    const network = networkOf(address);
    const waitS = this.#waitS(network, now.getTime());
    if (waitS > 0 && !apiKeys.remembers(key)) {
      throw new TooMany('Too many API keys from this network were not valid. Please wait a little.', waitS);
    }
    try {
      return await apiKeys.identify(key, now);
    } catch (error) {
      if (error instanceof NotSignedIn) this.#count(network, now.getTime());
      throw error;
    }
  }

  /** Seconds until the network's next unknown key is looked at; 0 when now. */
  #waitS(network: string, nowMs: number): number {
    const refusedMs = this.#refusedMs.get(network)?.filter((ms) => ms > nowMs - this.#windowMs) ?? [];
    if (refusedMs.length < this.#refusals) return 0;
    const oldestMs = refusedMs[refusedMs.length - this.#refusals] ?? nowMs;
    return Math.max(1, Math.ceil((oldestMs + this.#windowMs - nowMs) / 1000));
  }

  #count(network: string, nowMs: number): void {
    const refusedMs = [...(this.#refusedMs.get(network) ?? []), nowMs].slice(-this.#refusals);
    this.#refusedMs.delete(network);
    this.#refusedMs.set(network, refusedMs);
    if (this.#refusedMs.size > this.#maxRemembered) {
      this.#refusedMs.delete(this.#refusedMs.keys().next().value as string);
    }
  }
}
