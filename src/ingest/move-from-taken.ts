import type { Tx } from '../db/as-tenant.ts';
import { appendSamples, type Sample } from '../store/samples.ts';
import { type Occupant, samplesFrom } from '../store/samples-from.ts';

/** Seconds from a sample's own time on in which a free one is looked for. */
const SPAN_S = 60;

/** Where a sample goes whose second is taken; `repeats` when what is there says the same. */
export type Place = Date | 'repeats';

/**
 * The place of a sample among those that are there from its time on. Second by second, the first that is free; before that, one that
 * says the same is this very sample, which came before and was put there by the same rule: so a repetition is always recognised.
 * A clock that stands still fills its minute: then the time of arrival tells more than the clock. Pure.
 */
export function placeOf(
  { sampledAt, receivedAt }: Pick<Sample, 'sampledAt' | 'receivedAt'>,
  there: readonly Occupant[],
): Place {
  const taken = new Map(there.map(({ at, isSame }) => [at.getTime(), isSame]));
  for (let s = 0; s < SPAN_S; s++) {
    const ms = sampledAt.getTime() + s * 1000;
    const isSame = taken.get(ms);
    if (isSame === undefined) return new Date(ms);
    if (isSame) return 'repeats';
  }
  return receivedAt;
}

/**
 * Stores samples whose time another one has, unless that one says the same: two samples of one second are two all the same, and what
 * is acknowledged must not be lost. Their counter rows must be locked, and whatever else of the batch is new stored.
 * @returns where each went; null for one that repeats what is there. One whose inverter was deleted meanwhile has no entry
 */
export async function moveFromTaken(tx: Tx, samples: readonly Sample[]): Promise<Map<Sample, Sample | null>> {
  const went = new Map<Sample, Sample | null>();
  let open = [...samples];
  while (open.length > 0) {
    const there = await samplesFrom(tx, open, SPAN_S);
    const later: Sample[] = [];
    const placed: Sample[] = [];
    const origins: Sample[] = [];
    const busy = new Set<string>();
    open.forEach((sample, i) => {
      // One after the other: what the first of an inverter becomes, the next has to see.
      const inverter = `${sample.userId}:${sample.inverterId}`;
      if (busy.has(inverter)) {
        later.push(sample);
        return;
      }
      const place = placeOf(sample, there[i] ?? []);
      if (place === 'repeats') {
        went.set(sample, null);
        return;
      }
      busy.add(inverter);
      placed.push({ ...sample, sampledAt: place });
      origins.push(sample);
    });
    if (placed.length > 0) {
      for (const i of await appendSamples(tx, placed)) {
        const [origin, to] = [origins[i], placed[i]];
        if (origin !== undefined && to !== undefined) went.set(origin, to);
      }
    }
    open = later;
  }
  return went;
}
