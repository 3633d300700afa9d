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
  /** Frames taken from one connection per minute over time, and at once; a night's stored samples are about a hundred. */
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

/** So many at once, so many per millisecond over time. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #at: number;

  constructor(burst: number, perMs: number, nowMs: number) {
    this.#burst = burst;
    this.#perMs = perMs;
    this.#tokens = burst;
    this.#at = nowMs;
  }

  /** Takes one, if there is one. */
  take(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until there is one. */
  waitMs(nowMs: number): number {
    this.#refill(nowMs);
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs);
  }

  #refill(nowMs: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#at) * this.#perMs);
    this.#at = nowMs;
  }
}

/** How many connections each address has; nothing is kept of an address without any. */
export class AddressCounts {
  readonly #counts = new Map<string, number>();

  of(address: string): number {
    return this.#counts.get(networkOf(address)) ?? 0;
  }

  add(address: string): void {
    this.#counts.set(networkOf(address), this.of(address) + 1);
  }

  remove(address: string): void {
    const left = this.of(address) - 1;
    if (left > 0) this.#counts.set(networkOf(address), left);
    else this.#counts.delete(networkOf(address));
  }
}

/** An IPv4 address in IPv6 clothes is shown as what it is. */
export function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '') ?? 'unknown';
}

/** One household has one IPv4 address but 2^64 of IPv6. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
