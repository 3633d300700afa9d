import type { InverterId } from '../domain/inverter.ts';

const HOUR_MS = 3_600_000;
const MAX_REMEMBERED = 50_000;

interface Seen {
  gateway: string;
  atMs: number;
}

/**
 * Notices an inverter that two gateways report in turn: both poll it, so both see fewer answers, and its values come twice. One that
 * was moved from a gateway to another does not come back to the first.
 */
export class GatewayWatch {
  /** The gateway that spoke last for an inverter, and the one before. */
  readonly #seen = new Map<InverterId, { last: Seen; before: Seen | null }>();

  /** @returns the other gateway when this one spoke, was followed by the other, and speaks again, all within an hour; else null */
  rivalOf(inverterId: InverterId, gateway: string | null, nowMs: number): string | null {
    if (gateway === null) return null;
    const seen = this.#seen.get(inverterId);
    if (seen !== undefined && seen.last.gateway === gateway) {
      seen.last.atMs = nowMs;
      return null;
    }
    if (seen === undefined && this.#seen.size >= MAX_REMEMBERED) {
      this.#seen.delete(this.#seen.keys().next().value as InverterId);
    }
    this.#seen.set(inverterId, { last: { gateway, atMs: nowMs }, before: seen?.last ?? null });
    const spokeBefore = seen?.before?.gateway === gateway && nowMs - seen.before.atMs <= HOUR_MS;
    return seen !== undefined && spokeBefore ? seen.last.gateway : null;
  }
}
