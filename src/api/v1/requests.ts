import { z } from 'zod';
import { DEVICE_KINDS, MAX_CHANNELS } from '../../domain/inverter.ts';

/** What requests may say, shared by the resources. Messages are short: they stand behind the field's name. */

export const idParams = z.object({ id: z.coerce.number().int().min(1).max(2_147_483_647) });

export const channelParams = idParams.extend({ n: z.coerce.number().int().min(1).max(MAX_CHANNELS) });

/** The service trims and measures a name; here only that it is text without what a database cannot keep. */
export const nameField = z
  .string()
  .max(400)
  .regex(/^\P{Cc}*$/u, 'printable characters only');

export const newInverterBody = z.strictObject({
  name: nameField,
  serial: z.string().max(400),
  kind: z.enum(DEVICE_KINDS),
});

/** A moment with its offset. A `+` that was not escaped arrives as a blank. */
export const moment = z
  .string()
  .transform((text) => text.replace(/ (?=\d\d:?\d\d$)/, '+'))
  .pipe(z.iso.datetime({ offset: true, error: 'ISO 8601 with offset' }))
  .transform((text) => new Date(text));

/** A moment, or a date, which is the site's. */
export const momentOrDate = z.union([z.iso.date(), moment], { error: 'a date, or ISO 8601 with offset' });

/** How many, and where the page before ended. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(1000),
  cursor: z.coerce.number().int().min(0).default(0).describe('next_cursor of the page before'),
});
