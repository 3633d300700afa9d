import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerOf, requireAccess } from '../../http/authentication.ts';
import { tagAnswer } from '../../http/entity-tag.ts';
import { summaryOf } from '../../services/account-summary.ts';
import type { EnergyRange, InverterService, PowerBucket, StatisticsService } from '../../services/services.ts';
import { channelParams, idParams, momentOrDate, rangeMoment } from './requests.ts';
import { energyShape, energyToShape, pointShape, pointToShape, summaryShape, summaryToShape } from './shapes.ts';

const SUMMARY_BUCKETS = ['1m', '5m', '15m', '1h', '1d'] as const;
const BUCKETS = ['raw', ...SUMMARY_BUCKETS] as const;
const ENERGY_BUCKETS = ['15m', 'hour', 'day', 'month', 'year'] as const;
const DAY_MS = 24 * 3600_000;

const powerShape = z.object({ bucket: z.enum(BUCKETS), points: z.array(pointShape) });
const timesOfPower = {
  from: rangeMoment.optional().describe('inclusive; a day before `to` when absent'),
  to: rangeMoment.optional().describe('exclusive; now when absent'),
};
const powerQuery = z.object({ ...timesOfPower, bucket: z.enum(BUCKETS).default('5m') });
const summaryPowerQuery = z.object({ ...timesOfPower, bucket: z.enum(SUMMARY_BUCKETS).default('5m') });
const energyQuery = z.object({
  from: momentOrDate
    .optional()
    .describe('inclusive; the beginning of the day, month or year `to` lies in when absent, for years of everything'),
  to: momentOrDate.optional().describe('exclusive; now when absent'),
  bucket: z.enum(ENERGY_BUCKETS).default('day'),
});

export interface StatisticsRoutesOptions {
  inverters: Pick<InverterService, 'list'>;
  statistics: StatisticsService;
  now: () => Date;
}

/** Power and energy over time: of an inverter, of one of its inputs, of all inverters of the account together. */
export function statisticsRoutes({ inverters, statistics, now }: StatisticsRoutesOptions): FastifyPluginAsyncZod {
  const read = requireAccess('read');
  const inverter = '/api/v1/inverters/:id';
  const summary = '/api/v1/summary';
  const power = { querystring: powerQuery, response: { 200: powerShape } };
  const energy = { querystring: energyQuery, response: { 200: energyShape } };

  return async (app) => {
    app.get(
      `${inverter}/power`,
      { onRequest: read, onSend: tagAnswer, schema: { ...power, params: idParams } },
      async (request) => {
        const range = powerRange(request.query, now());
        const { bucket, points } = await statistics.power(callerOf(request).id, request.params.id, range);
        return { bucket, points: points.map(pointToShape) };
      },
    );

    app.get(
      `${inverter}/channels/:n/power`,
      { onRequest: read, onSend: tagAnswer, schema: { ...power, params: channelParams } },
      async (request) => {
        const { id, n: channel } = request.params;
        const range = { ...powerRange(request.query, now()), channel };
        const { bucket, points } = await statistics.power(callerOf(request).id, id, range);
        return { bucket, points: points.map(pointToShape) };
      },
    );

    app.get(
      `${inverter}/energy`,
      { onRequest: read, onSend: tagAnswer, schema: { ...energy, params: idParams } },
      async (request) => {
        const range = energyRange(request.query, now());
        return energyToShape(await statistics.energy(callerOf(request).id, request.params.id, range));
      },
    );

    app.get(
      `${inverter}/channels/:n/energy`,
      { onRequest: read, onSend: tagAnswer, schema: { ...energy, params: channelParams } },
      async (request) => {
        const { id, n: channel } = request.params;
        const range = { ...energyRange(request.query, now()), channel };
        return energyToShape(await statistics.energy(callerOf(request).id, id, range));
      },
    );

    app.get(
      `${summary}/current`,
      { onRequest: read, onSend: tagAnswer, schema: { response: { 200: summaryShape } } },
      async (request) => {
        const at = now();
        return summaryToShape(summaryOf(await inverters.list(callerOf(request).id, at)), at);
      },
    );

    app.get(
      `${summary}/power`,
      { onRequest: read, onSend: tagAnswer, schema: { querystring: summaryPowerQuery, response: { 200: powerShape } } },
      async (request) => {
        const range = powerRange(request.query, now());
        const points = await statistics.accountPower(callerOf(request).id, range);
        return { bucket: range.bucket, points: points.map(pointToShape) };
      },
    );

    app.get(`${summary}/energy`, { onRequest: read, onSend: tagAnswer, schema: energy }, async (request) => {
      const range = energyRange(request.query, now());
      return energyToShape(await statistics.energy(callerOf(request).id, null, range));
    });
  };
}

function powerRange<B extends PowerBucket>(
  query: { from?: Date | undefined; to?: Date | undefined; bucket: B },
  now: Date,
): { from: Date; to: Date; bucket: B } {
  const to = query.to ?? now;
  return { from: query.from ?? new Date(to.getTime() - DAY_MS), to, bucket: query.bucket };
}

function energyRange({ from, to, bucket }: z.infer<typeof energyQuery>, now: Date): EnergyRange {
  return { from: from ?? null, to: to ?? now, bucket };
}
