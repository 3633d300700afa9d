import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import '../http/request-context.ts';
import type { LiveHub } from '../live/events.ts';
import type { SseLimits } from '../live/sse.ts';
import type { Services } from '../services/services.ts';
import { ASSET_PREFIX, type Assets } from './assets.ts';
import type { WebConfig } from './config.ts';
import { registerLanguage } from './language-route.ts';
import { registerLive } from './live-route.ts';
import type { TopicTimes } from './live-topics.ts';
import { PAGES } from './pages/index.ts';
import { registerRedoc } from './redoc-route.ts';

export interface WebPluginDependencies {
  services: Services;
  hub: LiveHub;
  config: WebConfig;
  assets: Assets;
  now?: () => Date;
  live?: { limits?: Partial<SseLimits>; times?: Partial<TopicTimes>; checkSessionMs?: number };
}

/** All pages, their live stream and what they load. To be given to `buildApp` as one of its plugins. */
export async function webPlugin(app: FastifyInstance, deps: WebPluginDependencies): Promise<void> {
  const web = { ...deps, now: deps.now ?? (() => new Date()) };
  // htmx swaps what it is given into the element that asked; an error belongs where the page's content is.
  app.addHook('onSend', async (request, reply) => {
    if (request.headers['hx-request'] === 'true' && reply.statusCode >= 400) {
      reply.header('hx-retarget', '#main').header('hx-reswap', 'innerHTML');
    }
  });
  await serveAssets(app, deps.assets);
  registerLanguage(app, deps.config);
  registerRedoc(app, deps.assets);
  for (const page of PAGES) page.register(app, web);
  registerLive(app, web, { hub: deps.hub, pages: PAGES, ...deps.live });
}

async function serveAssets(app: FastifyInstance, assets: Assets): Promise<void> {
  if (assets.directory === null) {
    app.log.warn('the web assets are not built, pages will have no style: run "npm run build"');
    return;
  }
  await app.register(async (scope) => {
    // The same for everybody: nobody needs to be identified for them.
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, identify: false, quiet: true };
    });
    await scope.register(fastifyStatic, {
      root: assets.directory ?? '',
      prefix: ASSET_PREFIX,
      decorateReply: false,
      index: false,
      preCompressed: true,
      // A changed file has another name.
      cacheControl: false,
      setHeaders: (reply) => void reply.header('cache-control', 'public, max-age=31536000, immutable'),
    });
  });
  // From the root, for a worker sees only what lies below it; asked again at every visit, for it has no other name when it changes.
  const worker = basename(assets.url('worker.js'));
  const source = readFileSync(join(assets.directory, worker));
  app.get('/worker.js', { config: { identify: false, quiet: true } }, (_, reply) =>
    reply.header('cache-control', 'no-cache').type('text/javascript; charset=utf-8').send(source),
  );
  app.get('/favicon.ico', { config: { identify: false, quiet: true } }, (_, reply) =>
    reply.redirect(assets.url('icon.svg'), 302),
  );
}
