import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyPluginAsync } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { accessOf } from '../../http/authentication.ts';
import { tagAnswer } from '../../http/entity-tag.ts';
import { completeDocument, INTRODUCTION, type OpenApiDocument, type RouteFacts } from './document.ts';

/** The one style element that Swagger UI makes; a browser says the hash of another one. */
const SWAGGER_UI_STYLE = "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='";

/** What is asked for by whoever wants to know what may be asked for. */
export const DOCUMENT_PATH = '/openapi.json';

/**
 * Routes with their documentation: the document, made of the very schemas that check requests and answers, at `/openapi.json`, and at
 * `/docs` a page that tries it out.
 */
export function documented(plugins: readonly FastifyPluginAsync[]): FastifyPluginAsync {
  return async (app) => {
    const facts = new Map<string, RouteFacts>();
    const toJson = createJsonSchemaTransform({ zodToJsonConfig: { override: leaner } });
    const withComponents = createJsonSchemaTransformObject({ zodToJsonConfig: { override: leaner } });
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Deye Hard',
          version: '1',
          description: INTRODUCTION,
          license: { name: 'MIT', identifier: 'MIT' },
        },
        servers: [{ url: '/' }],
      },
      transform(route) {
        const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
        const { onRequest, onSend, method } = route.route;
        for (const one of [method].flat()) {
          facts.set(`${one} ${path}`, { access: accessOf(onRequest), isTagged: [onSend].flat().includes(tagAnswer) });
        }
        return toJson({ ...route, schema: route.schema ?? {} });
      },
      transformObject: (document) =>
        completeDocument(withComponents(document) as unknown as OpenApiDocument, facts) as never,
    });
    for (const plugin of plugins) app.register(plugin);

    const forEverybody = { config: { identify: false, quiet: true }, schema: { hide: true } };
    app.get(DOCUMENT_PATH, { ...forEverybody, onSend: tagAnswer }, async (_, reply) =>
      reply.type('application/json; charset=utf-8').send(JSON.stringify(app.swagger())),
    );
    app.register(async (scope) => {
      scope.addHook('onRoute', (route) => {
        route.config = { ...route.config, identify: false, quiet: true };
        route.schema = { ...route.schema, hide: true };
      });
      await scope.register(swaggerUi, {
        routePrefix: '/docs',
        uiConfig: { url: DOCUMENT_PATH, validatorUrl: null, tryItOutEnabled: true, docExpansion: 'list' },
        theme: { title: 'Deye Hard API' },
        transformStaticCSP: (policy) => policy.replace("style-src 'self'", `style-src 'self' ${SWAGGER_UI_STYLE}`),
      });
    });
  };
}

/** What only says again what the format or the type says. */
function leaner({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema['format'] === 'date-time' || jsonSchema['format'] === 'date') delete jsonSchema['pattern'];
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
}
