import { asTenant } from '../db/as-tenant.ts';
import type { DbPool } from '../db/pools.ts';
import { InvalidInput, NotFound } from '../domain/errors.ts';
import { readInverter } from '../store/inverters.ts';
import { readAccountPower, readPower } from '../store/power-series.ts';
import type { PowerBucket, StatisticsService } from './services.ts';
import { sumPower } from './sum-power.ts';

/** More points than a screen has pixels help nobody and cost everybody. */
const MAX_POINTS = 5_000;

const ACCOUNT_BUCKET_S = 300;
/** Raw samples come every few seconds or minutes; a month of them is always more than may be shown. */
const MAX_RAW_S = 31 * 86_400;

const BUCKET_S: Record<PowerBucket, number | null> = {
  raw: null,
  '1m': 60,
  '5m': 300,
  '15m': 900,
  '1h': 3_600,
  '1d': 86_400,
};

export function createStatisticsService(pool: DbPool): StatisticsService {
  return {
    async power(userId, inverterId, { from, to, bucket }) {
      if (!(from < to)) throw new InvalidInput('The range is empty.', { to: 'must be after from' });
      assertReadable(from, to, bucket);
      const points = await asTenant(pool, userId, async (tx) => {
        const inverter = await readInverter(tx, userId, inverterId, to);
        if (inverter === null) throw new NotFound(`There is no inverter ${inverterId} in this account.`);
        return readPower(tx, userId, inverterId, from, to, BUCKET_S[bucket], inverter.timeZone, MAX_POINTS + 1);
      });
      if (points.length > MAX_POINTS) {
        throw tooMany(bucket);
      }
      return { bucket, points };
    },

    async accountPower(userId, { from, to }) {
      const rows = await asTenant(pool, userId, (tx) => readAccountPower(tx, userId, from, to, ACCOUNT_BUCKET_S));
      return sumPower(rows, ACCOUNT_BUCKET_S * 1000);
    },
  };
}

/** Refused before anything is read: a year of raw samples must not be unpacked only to be told that it is too much. */
function assertReadable(from: Date, to: Date, bucket: PowerBucket): void {
  const spanS = (to.getTime() - from.getTime()) / 1000;
  const bucketS = BUCKET_S[bucket];
  if (bucketS === null ? spanS > MAX_RAW_S : spanS / bucketS > MAX_POINTS) throw tooMany(bucket);
}

function tooMany(bucket: PowerBucket): InvalidInput {
  return new InvalidInput(`That range holds more than ${MAX_POINTS} points.`, {
    bucket: `use ${coarser(bucket)} or a shorter range`,
  });
}

function coarser(bucket: PowerBucket): PowerBucket {
  const all = Object.keys(BUCKET_S) as PowerBucket[];
  return all[Math.min(all.indexOf(bucket) + 1, all.length - 1)] ?? '1d';
}
