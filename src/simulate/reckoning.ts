import type { SampleTimes, Tally } from './report.ts';

/** What a server has of one device, held against what the device knows it has sent. Pure. */

/** What a server says of one device, asked before and after a run. */
export interface Ledger {
  /** Everything ever booked, Wh. */
  bookedWh: number;
  /** The device's own lifetime counter as last believed, Wh; null before the first. */
  counterWh: number | null;
}

export interface Found extends Ledger {
  /** Times of the samples in the span of the run, epoch milliseconds. */
  sampleMs: readonly number[];
  /** Events by kind. */
  events: Readonly<Record<string, number>>;
}

export interface DeviceBooks {
  serial: string;
  /** What must have been booked since before the run, Wh. */
  expectedWh: number;
  /** What may have been booked at most: more only where samples arrived whose answer did not. */
  mostWh: number;
  bookedWh: number;
  /** Acknowledged, and with a time that is stored. */
  samplesExpected: number;
  samplesFound: number;
  /** Acknowledged, and not there. */
  missing: number;
  /** There, and never sent, or there twice. */
  unexpected: number;
}

/** Times that a logger could not tell itself are known to so many milliseconds: a server dates them by when a handshake arrived. */
export const ABOUT_MS = 12_000;
/** A sample whose second another one has is stored this much later at most. */
const MOVED_MS = 60_000;

/** @param before null for a device that the server had never heard of */
export function reckon(tally: Tally, before: Ledger | null, found: Found): DeviceBooks {
  const counters = tally.counters;
  const baseWh = before?.counterWh ?? counters?.firstWh ?? 0;
  const expectedWh = counters === null ? 0 : counters.lastWh - baseWh;
  // What the server may have begun with, if it had never heard of the device
  const leastWh = before?.counterWh ?? Math.min(baseWh, tally.leastWh);
  const { missing, unexpected } = matchSamples(found.sampleMs, tally.stored, tally.uncertain);
  const { exact, about, arrival } = tally.stored;
  return {
    serial: tally.device.serial,
    expectedWh,
    mostWh:
      counters === null ? Math.max(0, tally.mostWh - tally.leastWh) : Math.max(counters.lastWh, tally.mostWh) - leastWh,
    bookedWh: found.bookedWh - (before?.bookedWh ?? 0),
    samplesExpected: exact.length + about.length + arrival,
    samplesFound: found.sampleMs.length,
    missing,
    unexpected,
  };
}

/** Whether nothing was lost, doubled or invented. Counters are whole watt-hours on both sides, so nothing has to be rounded. */
export function agrees({ expectedWh, mostWh, bookedWh, missing, unexpected }: DeviceBooks): boolean {
  return bookedWh >= expectedWh && bookedWh <= mostWh && missing === 0 && unexpected === 0;
}

/** Each sample that is there stands for one that was sent: first those that tell their second, then the vaguer ones. */
export function matchSamples(
  foundMs: readonly number[],
  stored: SampleTimes,
  uncertain: SampleTimes,
): { missing: number; unexpected: number } {
  const left = new Left(foundMs);
  const { first, besides } = bySecond(stored.exact);
  let missing = first.filter((ms) => !left.take(ms, 0)).length;
  missing += besides.filter((ms) => !left.takeAfter(ms, MOVED_MS)).length;
  const vague = [...stored.about].sort((a, b) => a - b);
  missing += vague.filter((ms) => !left.take(ms, ABOUT_MS)).length;
  for (const ms of uncertain.exact) left.take(ms, 0);
  for (const ms of uncertain.about) left.take(ms, ABOUT_MS);
  // What bears the time of its arrival can be anywhere
  missing += Math.max(0, stored.arrival - left.size);
  return { missing, unexpected: Math.max(0, left.size - stored.arrival - uncertain.arrival) };
}

/** Of samples that tell the same second, which a clock that is set back does, the first, and the others: these are found beside it. */
function bySecond(times: readonly number[]): { first: number[]; besides: number[] } {
  const seen = new Set<number>();
  const [first, besides]: [number[], number[]] = [[], []];
  for (const ms of times) {
    const second = Math.floor(ms / 1000);
    (seen.has(second) ? besides : first).push(ms);
    seen.add(second);
  }
  return { first, besides };
}

/** What is there and stands for nothing yet; by seconds, and several may be of one. */
class Left {
  readonly #bySecond = new Map<number, number>();
  size = 0;

  constructor(foundMs: readonly number[]) {
    for (const ms of foundMs) this.#add(Math.floor(ms / 1000), 1);
  }

  /** False when there is none within so many milliseconds. */
  take(ms: number, withinMs: number): boolean {
    const second = Math.floor(ms / 1000);
    for (let off = 0; off <= withinMs / 1000; off++) {
      for (const at of [second - off, second + off]) {
        if ((this.#bySecond.get(at) ?? 0) === 0) continue;
        this.#add(at, -1);
        return true;
      }
    }
    return false;
  }

  /** The same, later than that moment only. */
  takeAfter(ms: number, withinMs: number): boolean {
    for (let off = 1000; off <= withinMs; off += 1000) if (this.take(ms + off, 0)) return true;
    return false;
  }

  #add(second: number, by: 1 | -1): void {
    this.#bySecond.set(second, (this.#bySecond.get(second) ?? 0) + by);
    this.size += by;
  }
}
