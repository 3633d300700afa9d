import type { AddressInfo } from 'node:net';
import type { LightMyRequestResponse } from 'fastify';
import type { LiveEvent } from '../../src/live/events.ts';
import { Hub } from '../../src/live/hub.ts';
import { type Assets, inlineHashes } from '../../src/web/assets.ts';
import type { WebConfig } from '../../src/web/config.ts';
import { errorPages } from '../../src/web/errors/render-error-page.ts';
import { type WebPluginDependencies, webPlugin } from '../../src/web/plugin.ts';
import { ADMIN_ID } from './fake-admin-services.ts';
import { type FakeServices, fakeServices } from './fake-services.ts';
import { COOKIE, type TestApp, testApp } from './test-app.ts';

/** A summer's noon in Berlin: 14:00 on the wall. */
export const NOON = new Date('2026-06-15T12:00:00Z');

export const WEB_CONFIG: WebConfig = {
  publicUrl: new URL('http://192.168.178.20:8000'),
  adminAllow: null,
  autoRefreshRateS: 120,
  cookieSecure: false,
  timeZone: 'Europe/Berlin',
  collector: { publicHost: '192.168.178.20', port: 10_000 },
};

export const NO_ASSETS: Assets = { directory: null, inline: null, url: (name) => `/assets/${name}` };

/** Account 1, an administrator, or whoever is not signed in. */
export type Asker = 'member' | 'admin' | 'nobody';

export const COOKIES: Readonly<Record<Asker, Record<string, string>>> = {
  member: COOKIE,
  admin: Object.fromEntries(Object.keys(COOKIE).map((name) => [name, `token-of-${ADMIN_ID}`])),
  nobody: {},
};

export interface FakeWeb extends TestApp {
  services: FakeServices;
  hub: Hub;
  emit(event: Partial<LiveEvent>): void;
  get(url: string, options?: { as?: Asker; headers?: Record<string, string> }): Promise<LightMyRequestResponse>;
  /** Posts a form as a browser does: with the token of the page it was on. */
  post(
    url: string,
    form: Record<string, string>,
    options?: { as?: Asker; headers?: Record<string, string> },
  ): Promise<LightMyRequestResponse>;
  /** Starts to listen on a free port of this machine. */
  listen(): Promise<string>;
}

/** The real server with the real pages; only what lies under the services is not there. */
export async function fakeWeb(
  services: FakeServices = fakeServices(),
  options: {
    now?: () => Date;
    assets?: Assets;
    config?: Partial<WebConfig>;
    live?: NonNullable<WebPluginDependencies['live']>;
  } = {},
): Promise<FakeWeb> {
  const hub = new Hub();
  const now = options.now ?? (() => NOON);
  const config = { ...WEB_CONFIG, ...options.config };
  const assets = options.assets ?? NO_ASSETS;
  const plugin = { services, hub, config, assets, now, ...(options.live === undefined ? {} : { live: options.live }) };
  const test = await testApp([(app) => webPlugin(app, plugin)], {
    config: { baseUrl: config.publicUrl, cookieSecure: false, trustProxy: null },
    accounts: { ...services.accounts, resume: services.accounts.identify },
    inline: inlineHashes(assets),
    renderErrorPage: errorPages({ config, assets, now }),
    now,
  });
  const html = { accept: 'text/html' };
  const get: FakeWeb['get'] = (url, { as = 'member', headers = {} } = {}) =>
    test.inject({ url, cookies: COOKIES[as], headers: { ...html, ...headers } });
  return {
    ...test,
    services,
    hub,
    emit: (event) => hub.publish({ type: 'reading', userId: 1, inverterId: 1, ...event }),
    get,
    async post(url, form, { as = 'member', headers = {} } = {}) {
      const page = await get(as === 'nobody' ? '/login' : '/inverters', { as });
      const _csrf = /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
      const cookies: Record<string, string> = { ...COOKIES[as] };
      for (const { name, value } of page.cookies) cookies[name] = value;
      return test.inject({
        method: 'POST',
        url,
        cookies,
        headers: { ...html, 'content-type': 'application/x-www-form-urlencoded', ...headers },
        payload: new URLSearchParams({ _csrf, ...form }).toString(),
      });
    },
    async listen() {
      await test.app.listen({ host: '127.0.0.1', port: 0 });
      const { port } = test.app.server.address() as AddressInfo;
      return `http://127.0.0.1:${port}`;
    },
  };
}
