import { type Bounds, dayBounds, localDate } from '../domain/period.ts';
import type { SlotSize } from '../domain/shown-period.ts';
import type { InverterCurrent, InverterSummary, PowerBucket, PowerPoint, Services } from '../services/services.ts';
import type { BarPoint } from './charts/bars.ts';
import { type CurvePoint, MAX_LAYERS } from './charts/curve.ts';

export type ChartBucket = Exclude<PowerBucket, 'raw'>;

/** Something that charts show by itself: an inverter, an input, or all of an account together. */
export interface ChartSource {
  name: string;
  /** Seconds without a report after which one is missing. */
  staleAfterS: number;
  curve(range: Bounds & { bucket: ChartBucket; withLowest?: boolean }): Promise<CurvePoint[]>;
  /** When its counters told what is not believed. */
  disbelieved(range: Bounds): Promise<Date[]>;
  /** From the beginning of everything where `from` is null. */
  energy(range: { from: Date | null; to: Date; bucket: SlotSize }): Promise<BarPoint[]>;
}

type Statistics = Pick<Services, 'statistics'>;

export function inverterSource(
  { statistics }: Statistics,
  userId: number,
  inverter: Pick<InverterSummary, 'id' | 'name' | 'staleAfterS'>,
  input: { channel: number; name: string } = { channel: 0, name: inverter.name },
): ChartSource {
  const { channel, name } = input;
  return {
    name,
    staleAfterS: inverter.staleAfterS,
    async curve(range) {
      const { points } = await statistics.power(userId, inverter.id, { ...range, channel });
      return points.map(asCurvePoint);
    },
    async disbelieved(range) {
      const found = await statistics.disbelieved(userId, [inverter.id], range);
      // Some inverters' energy is that of their inputs.
      return found.filter((one) => channel === 0 || one.channel === channel).map(({ at }) => at);
    },
    energy: async (range) => (await statistics.energy(userId, inverter.id, { ...range, channel })).points,
  };
}

/** Several of an account's inverters together, or all; their days are the account's, whatever zone each stands in. */
function sumSource(
  { statistics }: Statistics,
  userId: number,
  inverters: readonly InverterSummary[],
  { name, isAll }: { name: string; isAll: boolean },
): ChartSource {
  const ids = inverters.map(({ id }) => id);
  const only = isAll ? {} : { only: ids };
  return {
    name,
    staleAfterS: Math.max(0, ...inverters.map(({ staleAfterS }) => staleAfterS)),
    curve: async ({ from, to, bucket }) =>
      (await statistics.accountPower(userId, { from, to, bucket, ...only })).map(asCurvePoint),
    disbelieved: async (range) => (await statistics.disbelieved(userId, ids, range)).map(({ at }) => at),
    energy: async (range) => (await statistics.energy(userId, null, { ...range, ...only })).points,
  };
}

/** One layer of an account: by itself where a bucket is the same in every zone, else by the account's hours and days. */
function layerSource(services: Statistics, userId: number, inverter: InverterSummary): ChartSource {
  const own = inverterSource(services, userId, inverter);
  const ofAccount = sumSource(services, userId, [inverter], { name: inverter.name, isAll: false });
  return {
    ...ofAccount,
    curve: (range) => (LOCAL_BUCKETS.includes(range.bucket) ? ofAccount.curve(range) : own.curve(range)),
  };
}

const LOCAL_BUCKETS: readonly ChartBucket[] = ['1h', '1d'];

function asCurvePoint({ time, powerW, powerMaxW, powerMinW }: PowerPoint): CurvePoint {
  return { time, value: powerW, max: powerMaxW, min: powerMinW ?? null };
}

/** What is drawn, and what its sum, its maximum and its yesterday are taken from. */
export interface ChartSources {
  whole: ChartSource;
  layers: readonly ChartSource[];
}

/**
 * All inverters of an account, a layer each. Of more than there are colours for, those that have given most so far; the others are one.
 * @param others the name of those
 */
export function accountSources(
  services: Statistics,
  userId: number,
  inverters: readonly InverterSummary[],
  others: (count: number) => string,
): ChartSources {
  const seen = inverters.filter(({ sampledAt }) => sampledAt !== null);
  const [only] = seen;
  if (only !== undefined && seen.length === 1) {
    const whole = readOnce(inverterSource(services, userId, only));
    return { whole, layers: [whole] };
  }
  const all = sumSource(services, userId, seen, { name: '', isAll: true });
  if (seen.length <= MAX_LAYERS) {
    const whole = readOnce(all);
    return { whole, layers: seen.length === 0 ? [whole] : seen.map((one) => layerSource(services, userId, one)) };
  }
  const alone = strongest(seen, MAX_LAYERS - 1);
  const rest = seen.filter((one) => !alone.includes(one));
  const { whole, some } = readTogether(services, userId, all, rest, others(rest.length));
  return { whole, layers: [...alone.map((inverter) => layerSource(services, userId, inverter)), some] };
}

/** A page may ask for the same curve twice: for a figure of today, and for the chart of today. */
function readOnce(source: ChartSource): ChartSource {
  return { ...source, curve: onceARange((range) => source.curve(range)) };
}

/** Finer than what is kept of quarter hours: made from samples, and the looking at them is what costs. */
const SAMPLED_BUCKETS: readonly ChartBucket[] = ['1m', '5m'];

/** All and some of an account, whose curves are read together where they are made from the same samples. */
function readTogether(
  services: Statistics,
  userId: number,
  all: ChartSource,
  some: readonly InverterSummary[],
  name: string,
): { whole: ChartSource; some: ChartSource } {
  const ids = some.map(({ id }) => id);
  const both = onceARange(({ from, to, bucket }) =>
    services.statistics.accountPowers(userId, { from, to, bucket, some: ids }),
  );
  const rest = sumSource(services, userId, some, { name, isAll: false });
  const isSampled = ({ bucket }: CurveRange): boolean => SAMPLED_BUCKETS.includes(bucket);
  return {
    whole: {
      ...all,
      curve: async (range) => (isSampled(range) ? (await both(range)).all.map(asCurvePoint) : all.curve(range)),
    },
    some: {
      ...rest,
      curve: async (range) => (isSampled(range) ? (await both(range)).some.map(asCurvePoint) : rest.curve(range)),
    },
  };
}

type CurveRange = Parameters<ChartSource['curve']>[0];

/** Sources live as long as a page is made, so nothing is remembered for longer. */
function onceARange<T>(read: (range: CurveRange) => Promise<T>): (range: CurveRange) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (range) => {
    const key = `${range.from.getTime()} ${range.to.getTime()} ${range.bucket} ${range.withLowest ?? false}`;
    const found = known.get(key) ?? read(range);
    known.set(key, found);
    return found;
  };
}

/** In the order they are listed in, so that each keeps its colour. */
function strongest(inverters: readonly InverterSummary[], count: number): InverterSummary[] {
  const best = [...inverters].sort((a, b) => (b.energyTotalWh ?? 0) - (a.energyTotalWh ?? 0)).slice(0, count);
  return inverters.filter((one) => best.includes(one));
}

/** The inputs of an inverter, each by itself; `measure`: what their curves show. */
export function inputSources(
  services: Statistics,
  userId: number,
  inverter: InverterCurrent,
  measure: 'power' | 'voltage' | 'current' | 'energy',
  nameless: (channel: number) => string,
): ChartSources {
  const layers = inverter.channels.map(({ channel, name }) => {
    const source = inverterSource(services, userId, inverter, {
      channel,
      name: name === null || name === '' ? nameless(channel) : name,
    });
    if (measure === 'power' || measure === 'energy') return source;
    const range = { channel, measure };
    return {
      ...source,
      curve: async ({ from, to, bucket }: Bounds & { bucket: ChartBucket }) => {
        const points = await services.statistics.input(userId, inverter.id, { from, to, bucket, ...range });
        return points.map((point) => ({ ...point, min: null }));
      },
    };
  });
  return { whole: inverterSource(services, userId, inverter), layers };
}

/** How often today's counters told what is not believed, and is not in today's energy. */
export async function disbelievedToday(
  { statistics }: Statistics,
  userId: number,
  inverters: readonly Pick<InverterSummary, 'id'>[],
  { now, timeZone }: { now: Date; timeZone: string },
): Promise<number> {
  const ids = inverters.map(({ id }) => id);
  return (await statistics.disbelieved(userId, ids, dayBounds(localDate(now, timeZone), timeZone))).length;
}

/** Reads at a time for one page, so that a large account does not take every connection. */
const AT_A_TIME = 4;

/** The results in the order of the questions. */
export async function fewAtATime<T, R>(of: readonly T[], read: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < of.length; i += AT_A_TIME) {
    results.push(...(await Promise.all(of.slice(i, i + AT_A_TIME).map(read))));
  }
  return results;
}
