import type { Bounds } from '../domain/period.ts';
import type { SlotSize } from '../domain/shown-period.ts';
import type { InverterCurrent, InverterSummary, PowerBucket, Services } from '../services/services.ts';
import type { BarPoint } from './charts/bars.ts';
import { type CurvePoint, MAX_LAYERS } from './charts/curve.ts';

export type ChartBucket = Exclude<PowerBucket, 'raw'>;

/** Something that charts show by itself: an inverter, an input, or all of an account together. */
export interface ChartSource {
  name: string;
  /** Seconds without a report after which one is missing. */
  staleAfterS: number;
  curve(range: Bounds & { bucket: ChartBucket }): Promise<CurvePoint[]>;
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
    energy: async (range) => (await statistics.energy(userId, inverter.id, { ...range, channel })).points,
  };
}

function accountSource({ statistics }: Statistics, userId: number, inverters: readonly InverterSummary[]): ChartSource {
  return {
    name: '',
    staleAfterS: Math.max(0, ...inverters.map(({ staleAfterS }) => staleAfterS)),
    curve: async (range) => (await statistics.accountPower(userId, range)).map(asCurvePoint),
    energy: async (range) => (await statistics.energy(userId, null, range)).points,
  };
}

function asCurvePoint({ time, powerW, powerMaxW }: { time: Date; powerW: number; powerMaxW: number }): CurvePoint {
  return { time, value: powerW, max: powerMaxW };
}

/** What is drawn, and what its sum, its maximum and its yesterday are taken from. */
export interface ChartSources {
  whole: ChartSource;
  layers: readonly ChartSource[];
}

/**
 * All inverters of an account, a layer each. More than there are colours are one layer, and so are those of several zones, whose days
 * are not the same days.
 */
export function accountSources(
  services: Statistics,
  userId: number,
  inverters: readonly InverterSummary[],
): ChartSources {
  const seen = inverters.filter(({ sampledAt }) => sampledAt !== null);
  const [only] = seen;
  if (only !== undefined && seen.length === 1) {
    const whole = inverterSource(services, userId, only);
    return { whole, layers: [whole] };
  }
  const whole = accountSource(services, userId, seen);
  const zones = new Set(seen.map(({ timeZone }) => timeZone));
  if (seen.length === 0 || seen.length > MAX_LAYERS || zones.size > 1) return { whole, layers: [whole] };
  return { whole, layers: seen.map((inverter) => inverterSource(services, userId, inverter)) };
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
      curve: async (asked: Bounds & { bucket: ChartBucket }) =>
        services.statistics.input(userId, inverter.id, { ...asked, ...range }),
    };
  });
  return { whole: inverterSource(services, userId, inverter), layers };
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
