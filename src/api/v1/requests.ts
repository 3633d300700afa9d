import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DEVICE_KINDS, MAX_CHANNELS } from '../../domain/inverter.ts';
import type { Client } from '../../services/services.ts';

/** Where a request comes from, for the audit log. */
export function clientOf({ ip, headers }: Pick<FastifyRequest, 'ip' | 'headers'>): Client {
  return { address: ip, userAgent: headers['user-agent'] ?? null };
}

/** What requests may say, shared by the resources. Messages are short: they stand behind the field's name. */

export const idParams = z.object({ id: z.coerce.number().int().min(1).max(2_147_483_647) });

export const channelParams = idParams.extend({ n: z.coerce.number().int().min(1).max(MAX_CHANNELS) });

/** The service trims and measures a name; here only that it is text without what a database cannot keep. */
export const nameField = z
  .string()
  .max(400)
  .regex(/^\P{Cc}*$/u, 'printable characters only');

/** Power that something is built for: more than any roof bears is a slip of the finger. */
export const watts = z.int().min(1).max(1_000_000);

export const newInverterBody = z.strictObject({
  name: nameField,
  serial: z.string().max(400),
  kind: z.enum(DEVICE_KINDS),
});

/** A moment with its offset. A `+` that was not escaped arrives as a blank. */
export const moment = z
  .string()
  .meta({ examples: ['2026-06-21T00:00:00+02:00'] })
  .transform((text) => text.replace(/ (?=\d\d:?\d\d$)/, '+'))
  .pipe(z.iso.datetime({ offset: true, error: 'ISO 8601 with offset' }))
  .transform((text) => new Date(text));

/** Nothing was measured before, and calendars of later years are nobody's business. */
const YEARS = 'a year from 1970 to 2999';
const isOfOurTime = (year: number): boolean => year >= 1970 && year < 3000;

/** An end of a range. */
export const rangeMoment = moment.refine((at) => isOfOurTime(at.getUTCFullYear()), YEARS);

/** The same, or a date, which is the site's. */
export const momentOrDate = z.union(
  [z.iso.date().refine((date) => isOfOurTime(Number(date.slice(0, 4))), YEARS), rangeMoment],
  { error: `a date, or ISO 8601 with offset; ${YEARS}` },
);

const MAX_CURSOR = Number.MAX_SAFE_INTEGER;

/** How many, and where the page before ended. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  cursor: z.coerce.number().int().min(0).max(MAX_CURSOR).default(0).describe('next_cursor of the page before'),
});

/** What every list that comes in pages says beside its items. */
export const nextCursor = z.int().nullable().describe('to be sent as `cursor` for the next page; null on the last');

/** The page of a list that is held whole, in the order of its ids. */
export function pageById<T extends { id: number }>(
  all: readonly T[],
  { limit, cursor }: z.infer<typeof pageQuery>,
): { page: T[]; nextCursor: number | null } {
  const rest = all.filter(({ id }) => id > cursor).sort((a, b) => a.id - b.id);
  const page = rest.slice(0, limit);
  return { page, nextCursor: rest.length > limit ? (page.at(-1)?.id ?? null) : null };
}

/** The same for what has no number: the cursor is how many came before. */
export function pageByPlace<T>(
  all: readonly T[],
  { limit, cursor }: z.infer<typeof pageQuery>,
): { page: T[]; nextCursor: number | null } {
  const end = cursor + limit;
  return { page: all.slice(cursor, end), nextCursor: end < all.length ? end : null };
}
