import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerOf, requireAccess } from '../../http/authentication.ts';
import type { Site, SiteService } from '../../services/site-service.ts';
import { idParams, nameField, nextCursor, pageById, pageQuery } from './requests.ts';

const siteShape = z.object({
  id: z.int(),
  name: z.string(),
  time_zone: z.string().describe('IANA zone: whose days, months and years are counted'),
  latitude: z.number().nullable().describe('degrees north; null: as the zone’s city'),
  longitude: z.number().nullable().describe('degrees east; null: as the zone’s city'),
});
const listShape = z.object({ items: z.array(siteShape), next_cursor: nextCursor });
const changeBody = z.strictObject({
  name: nameField.optional(),
  time_zone: z.string().max(100).optional(),
  latitude: z.number().min(-90).max(90).nullable().optional(),
  longitude: z.number().min(-180).max(180).nullable().optional(),
});

/** `/api/v1/sites`: where the account's inverters stand. */
export function siteRoutes({ sites }: { sites: SiteService }): FastifyPluginAsyncZod {
  const path = '/api/v1/sites';
  return async (app) => {
    app.get(
      path,
      { onRequest: requireAccess('read'), schema: { querystring: pageQuery, response: { 200: listShape } } },
      async (request) => {
        const { page, nextCursor: next } = pageById(await sites.list(callerOf(request).id), request.query);
        return { items: page.map(toShape), next_cursor: next };
      },
    );

    app.patch(
      `${path}/:id`,
      {
        onRequest: requireAccess('full'),
        schema: { params: idParams, body: changeBody, response: { 200: siteShape } },
      },
      async (request) => {
        const { time_zone: timeZone, ...others } = request.body;
        const told = Object.entries({ ...others, timeZone }).filter(([, value]) => value !== undefined);
        const change = Object.fromEntries(told) as Partial<Omit<Site, 'id'>>;
        return toShape(await sites.update(callerOf(request).id, request.params.id, change));
      },
    );
  };
}

function toShape({ id, name, timeZone, latitude, longitude }: Site): z.infer<typeof siteShape> {
  return { id, name, time_zone: timeZone, latitude, longitude };
}
