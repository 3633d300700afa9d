import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerOf, requireAccess } from '../../http/authentication.ts';
import type { ApiKeyService, ApiKeySummary } from '../../services/services.ts';
import { clientOf, idParams, moment, nameField, nextCursor, pageById, pageQuery } from './requests.ts';

const SCOPES = ['ingest', 'read', 'full'] as const;
const scope = z.enum(SCOPES).describe('ingest: send measurements; read: read the account; full: both, and manage');

const keyShape = z.object({
  id: z.int(),
  name: z.string(),
  scope,
  hint: z.string().describe('the end of the key, to tell keys apart'),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
  last_used_at: z.iso.datetime().nullable().describe('to within five minutes'),
});
const listShape = z.object({ items: z.array(keyShape), next_cursor: nextCursor });
const newKeyShape = z.object({
  id: z.int(),
  key: z.string().describe('shown this once'),
  name: z.string(),
  scope,
  expires_at: z.iso.datetime().nullable(),
});
const newKeyBody = z.strictObject({
  name: nameField,
  scope: scope.default('ingest'),
  expires_at: moment.nullable().default(null),
});

export interface ApiKeyRoutesOptions {
  apiKeys: Pick<ApiKeyService, 'list' | 'create' | 'revoke'>;
  now: () => Date;
}

/** `/api/v1/api-keys`: the keys of an account's devices and programs. */
export function apiKeyRoutes({ apiKeys, now }: ApiKeyRoutesOptions): FastifyPluginAsyncZod {
  const path = '/api/v1/api-keys';
  const full = requireAccess('full');
  return async (app) => {
    app.get(
      path,
      // Not for a key that only reads: whoever has one need not know of the others.
      { onRequest: full, schema: { querystring: pageQuery, response: { 200: listShape } } },
      async (request) => {
        const { page, nextCursor: next } = pageById(await apiKeys.list(callerOf(request).id), request.query);
        return { items: page.map(toShape), next_cursor: next };
      },
    );

    app.post(
      path,
      { onRequest: full, schema: { body: newKeyBody, response: { 201: newKeyShape } } },
      async (request, reply) => {
        const { name, scope: wanted, expires_at: expiresAt } = request.body;
        const made = await apiKeys.create(
          callerOf(request).id,
          { name, scope: wanted, expiresAt },
          now(),
          clientOf(request),
        );
        reply.code(201);
        return { ...made, expires_at: expiresAt?.toISOString() ?? null };
      },
    );

    app.delete(`${path}/:id`, { onRequest: full, schema: { params: idParams } }, async (request, reply) => {
      await apiKeys.revoke(callerOf(request).id, request.params.id, now(), clientOf(request));
      return reply.code(204).send();
    });
  };
}

function toShape(key: ApiKeySummary): z.infer<typeof keyShape> {
  return {
    id: key.id,
    name: key.name,
    scope: key.scope,
    hint: key.hint,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
  };
}
