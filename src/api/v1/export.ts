import { Readable } from 'node:stream';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Unavailable } from '../../domain/errors.ts';
import { addDays } from '../../domain/period.ts';
import { callerOf, requireAccess } from '../../http/authentication.ts';
import { csvOf, disposition, jsonOf } from '../../services/export-formats.ts';
import { EXPORT_RESOLUTIONS, type ExportService } from '../../services/export-service.ts';
import { idParams, momentOrDate } from './requests.ts';

const flag = (standard: boolean): z.ZodType<boolean> =>
  z
    .enum(['true', 'false'])
    .default(standard ? 'true' : 'false')
    .transform((text) => text === 'true');

const exportQuery = z.object({
  format: z.enum(['csv', 'german', 'json']).default('csv').describe('german: CSV with semicolons and a decimal comma'),
  resolution: z.enum(EXPORT_RESOLUTIONS).default('15m'),
  from: momentOrDate.optional().describe('inclusive; the first thing known when absent'),
  to: momentOrDate.optional().describe('exclusive; now when absent'),
  through: z.iso.date().optional().describe('the last day, inclusive; instead of `to`'),
  channels: flag(false).describe('the DC inputs too'),
  phases: z
    .enum(['true', 'false'])
    .optional()
    .describe('raw: each of three phases too; where absent, if the newest sample has them')
    .transform((text) => (text === undefined ? undefined : text === 'true')),
  bom: flag(true).describe('CSV: begins with a byte order mark'),
});

export interface ExportRoutesOptions {
  exports: ExportService;
  now: () => Date;
}

/** `GET /api/v1/inverters/{id}/export`: everything measured, as a file that is written while it is read. */
export function exportRoutes({ exports: service, now }: ExportRoutesOptions): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/api/v1/inverters/:id/export',
      { onRequest: requireAccess('read'), schema: { params: idParams, querystring: exportQuery } },
      async (request, reply) => {
        const { format, resolution, from, to, through, channels, phases, bom } = request.query;
        const until = to ?? (through === undefined ? null : addDays(through, 1));
        const asked = { from: from ?? null, to: until, resolution, channels, phases };
        const gone = new AbortController();
        // Also when all of it was sent, and then there is nothing to end.
        reply.raw.on('close', () => gone.abort(new Unavailable('Nobody waits for it any more.')));
        const table = await service.open(callerOf(request).id, request.params.id, asked, now(), gone.signal);
        const text =
          format === 'json' ? jsonOf(table, resolution) : csvOf(table, { bom, isGerman: format === 'german' });
        return reply
          .type(format === 'json' ? 'application/json; charset=utf-8' : 'text/csv; charset=utf-8; header=present')
          .header(
            'content-disposition',
            disposition(`${table.inverter.name} ${resolution}`, format === 'json' ? 'json' : 'csv'),
          )
          .header('cache-control', 'no-store')
          .send(Readable.from(text));
      },
    );
  };
}
