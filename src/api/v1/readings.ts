import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerOf, requireAccess } from '../../http/authentication.ts';
import type { BatchIngest, ReadingResult } from '../../ingest/ingest.ts';
import { decodeReadings, MAX_READINGS } from '../../protocols/readings/readings.ts';

/** A thousand readings of inverters with eight inputs, generously indented. */
const BODY_LIMIT = 4 * 1024 * 1024;

const resultShape = z.object({
  index: z.int().describe('place in the list that was sent'),
  serial: z.string().nullable(),
  status: z.enum(['ok', 'duplicate', 'pending', 'error']),
  error: z.string().nullable().describe('the field and what is wrong with it'),
});
const answerShape = z.object({
  accepted: z.int().describe('those that are not in error: stored now, stored before, or waiting in the inbox'),
  results: z.array(resultShape),
});

export interface ReadingRoutesOptions {
  batches: BatchIngest;
  now: () => Date;
}

/** `POST /api/v1/readings`: batch and back-fill, for any devices of the account; sending it again changes nothing. */
export function readingRoutes({ batches, now }: ReadingRoutesOptions): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/api/v1/readings',
      {
        onRequest: requireAccess('ingest'),
        bodyLimit: BODY_LIMIT,
        config: { quiet: true },
        schema: {
          // Read by the decoder, reading by reading: one that is wrong never loses the others.
          body: z.unknown().describe(`{"readings":[{"serial","sampled_at",…}]}, at most ${MAX_READINGS}`),
          response: { 200: answerShape },
        },
      },
      async (request) => {
        const sent = decodeReadings(request.body);
        const results = await batches.readings(callerOf(request).id, sent, now());
        return {
          accepted: results.filter(({ status }) => status !== 'error').length,
          results: results.map(toShape),
        };
      },
    );
  };
}

function toShape(result: ReadingResult, index: number): z.infer<typeof resultShape> {
  const { serial, status } = result;
  return { index, serial, status, error: status === 'error' ? `${result.field}: ${result.error}` : null };
}
