import { NotFound } from '../../src/domain/errors.ts';
import { dayBounds, localDate, monthBounds, quarterStart, yearBounds } from '../../src/domain/period.ts';
import type { EnergyBucket, InverterCurrent, PowerBucket, PowerPoint, Services } from '../../src/services/services.ts';
import { fakeDay } from './fake-day.ts';

/** What an inverter measured, beside it: the services know it by another function. */
export interface FakeMeasured {
  /** The last day, which its figures fit to. */
  today: PowerPoint[];
  /** Days before it, made up when they are asked for; null: there were none. */
  before: { since: Date; peakW: number; seed: number } | null;
}

/** When its counters told what is not believed. */
export const disbelieved = new WeakMap<InverterCurrent, readonly Date[]>();

export const measured = new WeakMap<InverterCurrent, FakeMeasured>();

const DAY_MS = 86_400_000;
const BUCKET_MS: Record<Exclude<PowerBucket, 'raw' | '1d'>, number> = {
  '1m': 300_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
};

/** Now and then a day is lost, or only guessed. */
const isLost = (day: number): boolean => day % 23 === 5;
const isGuessed = (day: number): boolean => day % 17 === 3;

/** Statistics of inverters in memory, computed from their points as the real ones are from samples. */
export function fakeStatistics(
  all: (userId: number) => readonly InverterCurrent[],
  onRead: (kind: 'power' | 'energy') => void,
): Services['statistics'] {
  const find = (userId: number, id: number): InverterCurrent => {
    const found = all(userId).find((one) => one.id === id);
    if (found === undefined) throw new NotFound(`There is no inverter ${id} in this account.`);
    return found;
  };
  const sumOf = (
    userId: number,
    { from, to, bucket = '5m', only }: Parameters<Services['statistics']['accountPower']>[1],
  ): PowerPoint[] => {
    const sums = new Map<number, PowerPoint>();
    for (const inverter of all(userId).filter(({ id }) => only?.includes(id) ?? true)) {
      for (const { time, powerW, powerMaxW } of bucketed(pointsOf(inverter, from, to), bucket, inverter)) {
        const sum = sums.get(time.getTime()) ?? { time, powerW: 0, powerMaxW: 0 };
        sums.set(time.getTime(), { time, powerW: sum.powerW + powerW, powerMaxW: sum.powerMaxW + powerMaxW });
      }
    }
    return [...sums.values()].sort((a, b) => a.time.getTime() - b.time.getTime());
  };
  const statistics: Services['statistics'] = {
    async power(userId, id, { from, to, bucket, channel = 0, withLowest = false }) {
      onRead('power');
      const inverter = find(userId, id);
      const points = bucketed(shared(inverter, pointsOf(inverter, from, to), channel), bucket, inverter);
      return { bucket, points: withLowest ? points : points.map(({ powerMinW: _, ...point }) => point) };
    },
    async accountPower(userId, range) {
      onRead('power');
      return sumOf(userId, range);
    },
    async accountPowers(userId, { some, ...range }) {
      onRead('power');
      return { all: sumOf(userId, range), some: sumOf(userId, { ...range, only: some }) };
    },
    async input(userId, id, { from, to, bucket, channel, measure }) {
      const { points } = await statistics.power(userId, id, { from, to, bucket, channel });
      // At night nothing is measured.
      const lit = points.filter(({ powerW }) => powerW > 0);
      return lit.map(({ time, powerW }) => {
        const volts = 29 + channel / 3 + powerW / 200;
        const value = measure === 'voltage' ? volts : powerW / volts;
        return { time, value, max: value };
      });
    },
    async energy(userId, id, { from, to, bucket, channel = 0, only }) {
      onRead('energy');
      const of = id === null ? all(userId).filter((one) => only?.includes(one.id) ?? true) : [find(userId, id)];
      const timeZone = (id === null ? all(userId) : of)[0]?.timeZone ?? 'Europe/Berlin';
      const start = from === null ? new Date(0) : typeof from === 'string' ? dayBounds(from, timeZone).from : from;
      const end = typeof to === 'string' ? dayBounds(to, timeZone).from : to;
      const sums = new Map<number, { energyWh: number; estimatedWh: number }>();
      for (const inverter of of) {
        for (const [day, points] of groupBy(shared(inverter, pointsOf(inverter, start, end), channel), dayOf)) {
          const slots = slotsOf(points, bucket, timeZone);
          for (const [slot, inSlot] of slots) {
            const sum = sums.get(slot) ?? { energyWh: 0, estimatedWh: 0 };
            const wh = inSlot.reduce((sum, { powerW }) => sum + powerW / 12, 0);
            sum.energyWh += wh;
            if (isGuessed(day) && measured.get(inverter)?.before != null) sum.estimatedWh += wh * 0.6;
            sums.set(slot, sum);
          }
        }
      }
      const points = [...sums]
        .sort(([a], [b]) => a - b)
        .map(([ms, { energyWh, estimatedWh }]) => ({
          start: new Date(ms),
          energyWh: Math.round(energyWh),
          estimated: estimatedWh > 0,
          estimatedWh: Math.round(estimatedWh),
        }));
      const totalWh = points.length === 0 ? null : points.reduce((wh, point) => wh + point.energyWh, 0);
      return { bucket, timeZone, totalWh, points };
    },
    async disbelieved(userId, ids, { from, to }) {
      return ids.flatMap((id) =>
        (disbelieved.get(find(userId, id)) ?? [])
          .filter((at) => at >= from && at < to)
          .map((at) => ({ at, inverterId: id, channel: 0 })),
      );
    },
  };
  return statistics;
}

const dayOf = ({ time }: PowerPoint): number => Math.floor(time.getTime() / DAY_MS);

function pointsOf(inverter: InverterCurrent, from: Date, to: Date): PowerPoint[] {
  const { today = [], before = null } = measured.get(inverter) ?? {};
  const points: PowerPoint[] = [];
  const first = today[0]?.time.getTime() ?? to.getTime();
  if (before !== null) {
    const start = Math.max(from.getTime(), before.since.getTime());
    for (let day = Math.floor(start / DAY_MS); day < Math.floor(Math.min(first, to.getTime()) / DAY_MS) + 1; day += 1) {
      if (day === Math.floor(first / DAY_MS) || isLost(day)) continue;
      points.push(...wholeDay(day, before));
    }
  }
  return [...points, ...today].filter(({ time }) => time >= from && time < to);
}

const days = new Map<string, PowerPoint[]>();

function wholeDay(day: number, { peakW, seed }: { peakW: number; seed: number }): PowerPoint[] {
  const key = `${day} ${peakW} ${seed}`;
  const known = days.get(key);
  if (known !== undefined) return known;
  const until = new Date(day * DAY_MS + DAY_MS - 1);
  // A year with a winter, in which a good day gives a third of one in June.
  const season = 0.65 - 0.35 * Math.cos((2 * Math.PI * ((day % 365) - 10)) / 365);
  // Good days and bad ones, for everybody in one place the same.
  const weather = 0.72 + 0.28 * Math.sin(day * 1.7) * Math.cos(day * 0.61);
  const made = fakeDay({ until, peakW: peakW * season * weather, seed: seed + (day % 97) });
  days.set(key, made);
  return made;
}

function shared(inverter: InverterCurrent, points: PowerPoint[], channel: number): PowerPoint[] {
  if (channel === 0) return points;
  const own = inverter.channels.find((one) => one.channel === channel)?.energyTodayWh ?? 0;
  const share = own / Math.max(1, inverter.energyTodayWh ?? 1);
  return points.map(({ time, powerW, powerMaxW }) => ({ time, powerW: powerW * share, powerMaxW: powerMaxW * share }));
}

function bucketed(points: PowerPoint[], bucket: PowerBucket, { timeZone }: InverterCurrent): PowerPoint[] {
  if (bucket === 'raw') return points;
  const startOf = ({ time }: PowerPoint): number =>
    bucket === '1d' ? Math.floor(time.getTime() / DAY_MS) : Math.floor(time.getTime() / BUCKET_MS[bucket]);
  const timeOf = (index: number, [first]: PowerPoint[]): Date =>
    bucket === '1d'
      ? dayBounds(localDate(first?.time ?? new Date(0), timeZone), timeZone).from
      : new Date(index * BUCKET_MS[bucket]);
  return [...groupBy(points, startOf)].map(([index, inBucket]) => ({
    time: timeOf(index, inBucket),
    powerW: inBucket.reduce((sum, { powerW }) => sum + powerW, 0) / inBucket.length,
    powerMaxW: Math.max(...inBucket.map(({ powerMaxW }) => powerMaxW)),
    powerMinW: Math.min(...inBucket.map(({ powerW }) => powerW)) * 0.96,
  }));
}

/** Points of one UTC day. Of long slots the first one's date is that of all: the sun does not shine at midnight. */
function slotsOf(points: PowerPoint[], bucket: EnergyBucket, timeZone: string): Map<number, PowerPoint[]> {
  if (bucket === '15m') return groupBy(points, ({ time }) => quarterStart(time.getTime()));
  if (bucket === 'hour') return groupBy(points, ({ time }) => Math.floor(time.getTime() / 3_600_000) * 3_600_000);
  const date = localDate(points[0]?.time ?? new Date(0), timeZone);
  const bounds = bucket === 'day' ? dayBounds : bucket === 'month' ? monthBounds : yearBounds;
  return new Map([[bounds(date, timeZone).from.getTime(), points]]);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
