/** What a process tells with its heartbeat, so that one page shows all of them. Counted since its start. */
export interface ProcessFigures {
  /** Samples committed. */
  samples: number;
  /** Over the last minutes; null in the first. */
  samplesPerMinute: number | null;
  /** Samples that wait for their transaction. */
  queued: number;
  /** Loggers connected; null where it is no collector. */
  connections: number | null;
  /** What was refused or not understood, by reason; only what happened. */
  rejects: Record<string, number>;
}

/** Believes what fits; null for what an older or newer version tells in other words. */
export function processFigures(told: Record<string, unknown>): ProcessFigures | null {
  const { samples, samplesPerMinute, queued, connections, rejects } = told;
  if (typeof samples !== 'number' || typeof queued !== 'number') return null;
  const entries = Object.entries(typeof rejects === 'object' && rejects !== null ? rejects : {});
  return {
    samples,
    samplesPerMinute: typeof samplesPerMinute === 'number' ? samplesPerMinute : null,
    queued,
    connections: typeof connections === 'number' ? connections : null,
    rejects: Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number')),
  };
}

const OVER_MS = 5 * 60_000;

/** How fast a counter grows, over the last minutes. */
export class Rate {
  #seen: { atMs: number; count: number }[] = [];

  /** Told the counter now and then. @returns its growth a minute; null while there is nothing to compare with */
  perMinute(count: number, now: Date): number | null {
    const atMs = now.getTime();
    this.#seen = [...this.#seen.filter((one) => one.atMs > atMs - OVER_MS), { atMs, count }];
    const first = this.#seen[0];
    return first === undefined || first.atMs === atMs ? null : ((count - first.count) / (atMs - first.atMs)) * 60_000;
  }
}
