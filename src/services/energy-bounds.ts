import { InvalidInput } from '../domain/errors.ts';
import { type Bounds, dayBounds, localDate, monthBounds, yearBounds } from '../domain/period.ts';
import type { EnergyBucket, EnergyRange } from './services.ts';

/**
 * The moments a question about energy means in a site's zone.
 * @throws InvalidInput for a text that is no date of the calendar
 */
export function energyBounds(range: Pick<EnergyRange, 'from' | 'to'>, bucket: EnergyBucket, zone: string): Bounds {
  const to = momentOf(range.to, 'to', zone);
  return { from: range.from === null ? beginOf(bucket, to, zone) : momentOf(range.from, 'from', zone), to };
}

function momentOf(moment: Date | string, field: 'from' | 'to', zone: string): Date {
  if (moment instanceof Date) return moment;
  try {
    return dayBounds(moment, zone).from;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InvalidInput('That is no date.', { [field]: 'a date YYYY-MM-DD' });
  }
}

function beginOf(bucket: EnergyBucket, to: Date, zone: string): Date {
  // `to` itself is excluded: at midnight the day that just ended is meant.
  const last = localDate(to.getTime() - 1, zone);
  switch (bucket) {
    case '15m':
    case 'hour':
      return dayBounds(last, zone).from;
    case 'day':
      return monthBounds(last, zone).from;
    case 'month':
      return yearBounds(last, zone).from;
    case 'year':
      return new Date(0);
  }
}
