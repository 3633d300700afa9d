import { z } from 'zod';
import { dayBounds } from '../domain/period.ts';
import { CALENDAR_KINDS, type PeriodChoice, type PeriodKind, ROLLING_KINDS } from '../domain/shown-period.ts';

/** What earlier links said: `?time_range=24 hours`. */
const OLD_RANGES: ReadonlyMap<string | undefined, PeriodKind> = new Map([
  ['1 hour', '1h'],
  ['6 hours', '6h'],
  ['24 hours', '24h'],
  ['7 days', '7d'],
  ['30 days', '30d'],
]);

const Kind = z.enum([...ROLLING_KINDS, ...CALENDAR_KINDS]);
const LocalDate = z.string().refine(isDate);
const Until = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/)
  .transform((text) => new Date(text))
  .refine((at) => !Number.isNaN(at.getTime()));

/**
 * The period in a page's address. A part that makes no sense is as if it were not there, so that an old or mistyped link still opens
 * its page.
 */
export const PeriodQuery = z
  .object({
    period: Kind.optional().catch(undefined),
    time_range: z.string().optional().catch(undefined),
    date: LocalDate.nullable().default(null).catch(null),
    until: Until.nullable().default(null).catch(null),
    compare: z.literal('1').optional().catch(undefined),
  })
  .transform(
    ({ period, time_range: old, date, until, compare }): PeriodChoice => ({
      kind: period ?? OLD_RANGES.get(old) ?? 'day',
      date,
      until,
      compare: compare === '1',
    }),
  );

/** The query that opens this period again, without its question mark. */
export function periodQuery({ kind, date, until, compare }: PeriodChoice, more: Record<string, string> = {}): string {
  return new URLSearchParams({
    period: kind,
    ...(date === null ? {} : { date }),
    ...(until === null ? {} : { until: `${until.toISOString().slice(0, 16)}Z` }),
    ...(compare ? { compare: '1' } : {}),
    ...more,
  }).toString();
}

function isDate(text: string): boolean {
  try {
    dayBounds(text, 'UTC');
    return true;
  } catch {
    return false;
  }
}
