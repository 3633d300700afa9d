import { householdOf } from '../domain/address.ts';

/** What one peer, and all of them together, may use up (solarman-v5 §2.5 and §7). Times in milliseconds. */
export interface CollectorLimits {
  /** Without a good frame for so long a connection is dead: loggers vanish at sunset without a FIN. */
  idleMs: number;
  /** From connecting to the first good frame. */
  firstFrameMs: number;
  /** From the first byte of a frame to its last. */
  partialMs: number;
  maxConnections: number;
  /** An IPv6 peer's address is its /64. */
  maxPerAddress: number;
  /** Connections let in per second over time, and at once: after a restart a whole fleet comes back. */
  acceptsPerSecond: number;
  acceptBurst: number;
  /**
   * Frames taken of one serial per minute over time, and at once, over however many connections; a night's stored samples are about
   * a hundred.
   */
  framesPerMinute: number;
  frameBurst: number;
  /** Messages of one connection the sink may be busy with; beyond it the socket is not read. */
  maxUnsettled: number;
  /** Messages in a row the sink rejected, after which the connection is closed. */
  maxUnstored: number;
  maxGarbageBytes: number;
  /** Acknowledgements waiting for a peer that does not read them. */
  maxUnsentBytes: number;
  /** How long an ending connection may take to settle what it brought. */
  drainMs: number;
  keepAliveMs: number;
}

export const DEFAULT_COLLECTOR_LIMITS: CollectorLimits = {
  idleMs: 400_000,
  firstFrameMs: 60_000,
  partialMs: 15_000,
  maxConnections: 18_000,
  maxPerAddress: 200,
  acceptsPerSecond: 500,
  acceptBurst: 2000,
  framesPerMinute: 60,
  frameBurst: 200,
  maxUnsettled: 32,
  maxUnstored: 5,
  maxGarbageBytes: 8192,
  maxUnsentBytes: 16_384,
  drainMs: 5000,
  keepAliveMs: 60_000,
};

/** How many connections each address has; nothing is kept of an address without any. */
export class AddressCounts {
  readonly #counts = new Map<string, number>();

  of(address: string): number {
    return this.#counts.get(householdOf(address)) ?? 0;
  }

  add(address: string): void {
    this.#counts.set(householdOf(address), this.of(address) + 1);
  }

  remove(address: string): void {
    const left = this.of(address) - 1;
    if (left > 0) this.#counts.set(householdOf(address), left);
    else this.#counts.delete(householdOf(address));
  }
}
