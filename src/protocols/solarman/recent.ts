import type { Frame } from './frame.ts';

/** Frames remembered per connection: more than a logger ever has in flight. */
const MAX_FRAMES = 16;
/** B wraps after 256 frames; a heartbeat with the same B hours later is a new one. */
const MEMORY_MS = 600_000;

interface Seen {
  key: string;
  firstAt: Date;
}

/**
 * Recognises retransmissions: the same code, B and payload on one connection (solarman-v5 §1.3). They are never dropped: the first copy
 * may not have been stored. What is remembered is when the first one came, so that a sample dated by its arrival keeps one date.
 */
export class RecentFrames {
  readonly #seen: Seen[] = [];

  /** When this frame first arrived, and whether this is a repetition. */
  note(frame: Frame, now: Date): { firstAt: Date; repeated: boolean } {
    const key = `${frame.code}:${frame.sequence[1]}:${frame.payload.length}:${fingerprint(frame.payload)}`;
    while (this.#seen[0] !== undefined && now.getTime() - this.#seen[0].firstAt.getTime() > MEMORY_MS)
      this.#seen.shift();
    const earlier = this.#seen.find((seen) => seen.key === key);
    if (earlier !== undefined) return { firstAt: earlier.firstAt, repeated: true };
    this.#seen.push({ key, firstAt: now });
    if (this.#seen.length > MAX_FRAMES) this.#seen.shift();
    return { firstAt: now, repeated: false };
  }
}

/** FNV-1a. A collision would only flag a frame as repeated. */
function fingerprint(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
