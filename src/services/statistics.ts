import { asTenant, type Tx } from '../db/as-tenant.ts';
import type { DbPool } from '../db/pools.ts';
import { InvalidInput, NotFound } from '../domain/errors.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';
import { type Bounds, dayRules, QUARTER_MS, startsOf } from '../domain/period.ts';
import { firstQuarter, lastQuarter, readEnergy, readEnergySubject } from '../store/energy-series.ts';
import type { EnergyScope } from '../store/energy-source.ts';
import { listDisbelieved } from '../store/events.ts';
import { readInput } from '../store/input-series.ts';
import {
  type LowestPowerRow,
  type PowerRow,
  readAccountPower,
  readAccountPowers,
  readLowestPower,
  readPower,
  readQuarterPower,
} from '../store/power-series.ts';
import { energyBounds } from './energy-bounds.ts';
import type {
  EnergyBucket,
  EnergyPoint,
  EnergySeries,
  PowerBucket,
  PowerPoint,
  StatisticsService,
} from './services.ts';

/** More points than a screen has pixels help nobody and cost everybody. */
const MAX_POINTS = 5_000;
const DAY_MS = 86_400_000;

/** Raw samples come every few seconds or minutes; a month of them is always more than may be shown. */
const MAX_RAW_S = 31 * 86_400;

/** Longest range in seconds that can hold no more than MAX_POINTS, finest bucket first. */
const MAX_POWER_S: Record<PowerBucket, number> = {
  raw: MAX_RAW_S,
  '1m': MAX_POINTS * 60,
  '5m': MAX_POINTS * 300,
  '15m': MAX_POINTS * 900,
  '1h': MAX_POINTS * 3_600,
  '1d': MAX_POINTS * 86_400,
};
/** Days and longer are counted instead: what is read for them is the same whatever the range, and nobody has 5 000 months. */
const MAX_ENERGY_S: Record<EnergyBucket, number> = {
  '15m': MAX_POINTS * 900,
  hour: MAX_POINTS * 3_600,
  day: Number.POSITIVE_INFINITY,
  month: Number.POSITIVE_INFINITY,
  year: Number.POSITIVE_INFINITY,
};

/** More marks than that in one chart tell nobody more. */
const MAX_DISBELIEVED = 1_000;

/** Voltage and current and the lowest power are read from the samples alone: a month of them, and the hour that October has more. */
const MAX_INPUT_S: Record<Exclude<PowerBucket, 'raw'>, number> = {
  '1m': MAX_POINTS * 60,
  '5m': MAX_POINTS * 300,
  '15m': 32 * 86_400,
  '1h': 32 * 86_400,
  '1d': 32 * 86_400,
};
const INPUT_BUCKET_S: Record<Exclude<PowerBucket, 'raw'>, number> = {
  '1m': 60,
  '5m': 300,
  '15m': 900,
  '1h': 3_600,
  '1d': 86_400,
};

/** Read from the sums kept by quarter hour; shorter ones from the samples. */
const OF_QUARTERS: Partial<Record<PowerBucket, EnergyBucket>> = { '15m': '15m', '1h': 'hour', '1d': 'day' };
const OF_SAMPLES_S: Partial<Record<PowerBucket, number>> = { '1m': 60, '5m': 300 };

export function createStatisticsService(pool: DbPool): StatisticsService {
  return {
    async power(userId, inverterId, { from, to, bucket, channel = 0, withLowest = false, signal }) {
      assertReadable(from, to, bucket, MAX_POWER_S);
      if (withLowest && bucket !== 'raw') assertReadable(from, to, bucket, MAX_INPUT_S);
      const read = async (tx: Tx): Promise<PowerPoint[]> => {
        const subject = await subjectOf(tx, userId, inverterId);
        const local = OF_QUARTERS[bucket];
        if (local === undefined)
          return readPower(tx, userId, inverterId, channel, from, to, OF_SAMPLES_S[bucket] ?? null, MAX_POINTS + 1);
        const scope = scopeOf(subject, { from, to }, local, userId, channel);
        const rows = await readQuarterPower(tx, scope, MAX_POINTS + 1);
        if (!withLowest || channel !== 0) return rows;
        return withMinima(rows, await readLowestPower(tx, { userId, inverterId, from, to, starts: scope.starts }));
      };
      const points = await asTenant(pool, userId, read, signal);
      return { bucket, points: notTooMany(points, bucket, MAX_POWER_S) };
    },

    async accountPower(userId, { from, to, bucket = '5m', only }) {
      assertReadable(from, to, bucket, MAX_POWER_S);
      const points = await asTenant(pool, userId, async (tx) => {
        const local = OF_QUARTERS[bucket];
        if (local === undefined)
          return readAccountPower(tx, { userId, from, to, bucketS: OF_SAMPLES_S[bucket] ?? 300 }, only);
        const subject = await subjectOf(tx, userId, null, only);
        return readQuarterPower(tx, scopeOf(subject, { from, to }, local, userId, 0), MAX_POINTS + 1);
      });
      return notTooMany(points, bucket, MAX_POWER_S);
    },

    async accountPowers(userId, { from, to, bucket, some }) {
      assertReadable(from, to, bucket, MAX_POWER_S);
      const both = await asTenant(pool, userId, async (tx) => {
        const local = OF_QUARTERS[bucket];
        if (local === undefined)
          return readAccountPowers(tx, { userId, from, to, bucketS: OF_SAMPLES_S[bucket] ?? 300 }, some);
        const read = async (only?: readonly InverterId[]): Promise<PowerRow[]> => {
          const subject = await subjectOf(tx, userId, null, only);
          return readQuarterPower(tx, scopeOf(subject, { from, to }, local, userId, 0), MAX_POINTS + 1);
        };
        return { all: await read(), some: await read(some) };
      });
      return { all: notTooMany(both.all, bucket, MAX_POWER_S), some: both.some };
    },

    async input(userId, inverterId, { from, to, bucket, channel, measure }) {
      assertReadable(from, to, bucket, MAX_INPUT_S);
      const rows = await asTenant(pool, userId, async (tx) => {
        await subjectOf(tx, userId, inverterId);
        const of = { userId, inverterId, channel, measure, from, to };
        return readInput(tx, of, INPUT_BUCKET_S[bucket], MAX_POINTS + 1);
      });
      return notTooMany(rows, bucket, MAX_INPUT_S);
    },
    async energy(userId, inverterId, { from, to, bucket, channel = 0, only, signal }) {
      const read = async (tx: Tx): Promise<EnergySeries> => {
        const subject = await subjectOf(tx, userId, inverterId, only);
        const asked = energyBounds({ from, to }, bucket, subject.timeZone);
        assertReadable(asked.from, asked.to, bucket, MAX_ENERGY_S);
        // Nothing is before the first quarter hour, so that nobody counts the days since 1970.
        const first = await firstQuarter(tx, userId, subject.inverterIds);
        const bounds = { ...asked, from: first !== null && first > asked.from ? first : asked.from };
        // Nor those of a thousand years to come.
        if (bounds.to.getTime() - bounds.from.getTime() > MAX_POINTS * DAY_MS) {
          const last = await lastQuarter(tx, userId, subject.inverterIds);
          if (last !== null) bounds.to = new Date(Math.min(bounds.to.getTime(), last.getTime() + QUARTER_MS));
        }
        const isEmpty = first === null || bounds.from >= bounds.to;
        const rows = isEmpty
          ? []
          : await readEnergy(tx, scopeOf(subject, bounds, bucket, userId, channel), MAX_POINTS + 1);
        const points = notTooMany(rows, bucket, MAX_ENERGY_S);
        return { bucket, timeZone: subject.timeZone, totalWh: totalOf(points), points };
      };
      return asTenant(pool, userId, read, signal);
    },

    disbelieved: (userId, inverterIds, { from, to }) =>
      asTenant(pool, userId, (tx) => listDisbelieved(tx, userId, inverterIds, from, to, MAX_DISBELIEVED)),
  };
}

function withMinima(points: readonly PowerRow[], lowest: readonly LowestPowerRow[]): PowerPoint[] {
  const minima = new Map(lowest.map(({ time, powerMinW }) => [time.getTime(), powerMinW]));
  return points.map((point) => {
    const powerMinW = minima.get(point.time.getTime());
    return powerMinW === undefined ? point : { ...point, powerMinW };
  });
}

type Subject = NonNullable<Awaited<ReturnType<typeof readEnergySubject>>>;

function scopeOf(
  { inverterIds, timeZone }: Subject,
  bounds: Bounds,
  bucket: EnergyBucket,
  userId: UserId,
  channel: number,
): EnergyScope {
  const starts = bucket === '15m' ? null : startsOf(bucket, bounds, timeZone);
  const rules = bucket === '15m' || bucket === 'hour' ? null : dayRules(timeZone);
  return { userId, inverterIds, channel, ...bounds, starts, dayRules: rules };
}

async function subjectOf(
  tx: Tx,
  userId: UserId,
  inverterId: InverterId | null,
  only?: readonly InverterId[],
): Promise<Subject> {
  const subject = await readEnergySubject(tx, userId, inverterId);
  if (subject === null) throw new NotFound(`There is no inverter ${inverterId} in this account.`);
  if (only === undefined) return subject;
  return { ...subject, inverterIds: subject.inverterIds.filter((id) => only.includes(id)) };
}

function totalOf(points: readonly EnergyPoint[]): number | null {
  return points.length === 0 ? null : points.reduce((sum, { energyWh }) => sum + energyWh, 0);
}

/** Refused before anything is read: a year of raw samples must not be unpacked only to be told that it is too much. */
function assertReadable<B extends string>(from: Date, to: Date, bucket: B, longestS: Record<B, number>): void {
  if (!(from < to)) throw new InvalidInput('The range is empty.', { from: 'must be before `to`' });
  if ((to.getTime() - from.getTime()) / 1000 > longestS[bucket]) throw tooMany(bucket, longestS);
}

function notTooMany<B extends string, P>(points: P[], bucket: B, buckets: Record<B, number>): P[] {
  if (points.length > MAX_POINTS) throw tooMany(bucket, buckets);
  return points;
}

/** @param buckets all there are, finest first */
function tooMany<B extends string>(bucket: B, buckets: Record<B, number>): InvalidInput {
  const all = Object.keys(buckets);
  const next = all[all.indexOf(bucket) + 1];
  return new InvalidInput(`That range holds more than ${MAX_POINTS} points.`, {
    bucket: next === undefined ? 'use a shorter range' : `use ${next} or a shorter range`,
  });
}
