import { dayBounds, localDate } from '../domain/period.ts';
import { isCurrent } from '../domain/state.ts';
import type { InverterSummary, Services } from '../services/services.ts';
import { type DayCurve, dayCurve, MAX_LAYERS, type Series } from './charts/day-curve.ts';

const BUCKET = '5m';
const BUCKET_MS = 5 * 60_000;
/** Reads at a time for one page, so that a large account does not take every connection. */
const AT_A_TIME = 4;

/** Today's curve of an account's inverters, or of one of them, read by the same functions as API and export read it. */
export async function todaysCurve(
  { statistics }: Pick<Services, 'statistics'>,
  userId: number,
  inverters: readonly InverterSummary[],
  timeZone: string,
  now: Date,
): Promise<DayCurve> {
  const day = dayBounds(localDate(now, timeZone), timeZone);
  const seen = inverters.filter(({ sampledAt }) => sampledAt !== null);
  const series: Series[] = [];
  if (seen.length > MAX_LAYERS) {
    series.push({ name: '', points: await statistics.accountPower(userId, day) });
  } else {
    for (let i = 0; i < seen.length; i += AT_A_TIME) {
      const read = seen.slice(i, i + AT_A_TIME).map(async ({ id, name }) => {
        const { points } = await statistics.power(userId, id, { ...day, bucket: BUCKET });
        return { name, points };
      });
      series.push(...(await Promise.all(read)));
    }
  }
  return dayCurve({
    day,
    bucketMs: BUCKET_MS,
    series,
    isOneInverter: seen.length === 1,
    now,
    isCurrent: seen.some(({ state }) => isCurrent(state)),
    isAsleep: seen.every(({ state }) => state === 'asleep'),
  });
}
