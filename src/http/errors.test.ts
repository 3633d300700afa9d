import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type TestApp, testApp } from '../../test/support/test-app.ts';
import {
  ConfigError,
  Conflict,
  InvalidInput,
  NotAllowed,
  NotFound,
  NotSignedIn,
  ProtocolError,
  TooMany,
  Unavailable,
} from '../domain/errors.ts';
import type { RenderErrorPage } from './errors.ts';

const THROWN: Record<string, () => unknown> = {
  input: () => new InvalidInput('No.', { name: 'required' }),
  'signed-out': () => new NotSignedIn('Please sign in.'),
  forbidden: () => new NotAllowed('Not yours.'),
  absent: () => new NotFound('Nothing.'),
  taken: () => new Conflict('Taken.', { details: { fields: { serial: 'taken' } } }),
  'too-many': () => new TooMany('Slower.', 12.2),
  away: () => new Unavailable('The database does not answer.', { cause: new Error('secret host') }),
  protocol: () => new ProtocolError('unusable_envelope', 'What?'),
  config: () => new ConfigError('A secret setting.'),
  bug: () => new TypeError('secret of ours'),
  text: () => 'thrown text',
  nothing: () => undefined,
  // A library's idea of a status is not ours where it is the server's own fault.
  upstream: () => Object.assign(new Error('secret upstream'), { statusCode: 502 }),
};
const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let running: TestApp;
const page: RenderErrorPage = async ({ status, message }) => `<h1>${status} ${message}</h1>`;

async function start(renderErrorPage?: RenderErrorPage): Promise<void> {
  await running?.app.close();
  const routes = async (app: TestApp['app']): Promise<void> => {
    for (const prefix of ['', '/api/v1', '/auth/jwt']) {
      app.get<{ Params: { what: string } }>(`${prefix}/throw/:what`, async ({ params }) => {
        throw THROWN[params.what]?.();
      });
    }
    const schema = {
      querystring: z.object({ limit: z.coerce.number().int().max(10).optional() }),
      body: z.strictObject({ name: z.string().min(1), inner: z.object({ list: z.array(z.int()) }).optional() }),
    };
    app.post('/typed', { config: { csrf: false }, schema }, async ({ body }) => body);
  };
  running = await testApp([routes], renderErrorPage === undefined ? {} : { renderErrorPage });
}
beforeEach(() => start());
afterEach(() => running.app.close());

describe('errors for programs', () => {
  it.each([
    ['input', 422, 'invalid_input', 'No.', { fields: { name: 'required' } }],
    ['signed-out', 401, 'unauthorized', 'Please sign in.', {}],
    ['forbidden', 403, 'not_allowed', 'Not yours.', {}],
    ['absent', 404, 'not_found', 'Nothing.', {}],
    ['taken', 409, 'conflict', 'Taken.', { fields: { serial: 'taken' } }],
    ['too-many', 429, 'too_many', 'Slower.', {}],
    ['away', 503, 'unavailable', 'The database does not answer.', {}],
    ['protocol', 422, 'protocol_error', 'What?', { reason: 'unusable_envelope' }],
  ])('%s: %i %s', async (what, status, error, message, details) => {
    const answer = await running.inject({ url: `/api/v1/throw/${what}` });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.json()).toEqual({ error, message, details });
  });

  it.each(['config', 'bug', 'text', 'nothing', 'upstream'])('%s: 500 without detail, and noted', async (what) => {
    const answer = await running.inject({ url: `/throw/${what}` });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toEqual({ error: 'internal_error', message: expect.any(String) as string, details: {} });
    expect(answer.body).not.toContain('secret');
    expect(running.lines.filter((line) => line.includes('"level":50'))).toHaveLength(1);
  });

  it('say when to come again', async () => {
    expect((await running.inject({ url: '/throw/too-many' })).headers['retry-after']).toBe('13');
    expect((await running.inject({ url: '/throw/away' })).headers['retry-after']).toBe('5');
    expect((await running.inject({ url: '/throw/absent' })).headers).not.toHaveProperty('retry-after');
  });

  it('an outage is noted with its cause', async () => {
    await running.inject({ url: '/throw/away' });
    expect(running.lines.find((line) => line.includes('"level":40'))).toContain('secret host');
  });

  it('an address that leads nowhere, or cannot be read', async () => {
    const nowhere = await running.inject({ url: '/api/v1/nowhere' });
    expect([nowhere.statusCode, nowhere.json()]).toEqual([
      404,
      { error: 'not_found', message: expect.any(String) as string, details: {} },
    ]);
    const unreadable = await running.inject({ url: '/throw/%zz' });
    expect([unreadable.statusCode, unreadable.json()]).toEqual([
      400,
      { error: 'bad_request', message: expect.any(String) as string, details: {} },
    ]);
    expect((await running.inject({ method: 'POST', url: '/nowhere', payload: {} })).statusCode).toBe(404);
  });
});

describe('requests that are wrong in form', () => {
  const send = (payload: string, type = 'application/json', url = '/typed') =>
    running.inject({ method: 'POST', url, headers: { 'content-type': type }, payload });

  it('name each wrong field', async () => {
    const answer = await send('{"inner":{"list":[1,"x"]}}', 'application/json', '/typed');
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({
      error: 'invalid_input',
      details: { fields: { name: expect.any(String) as string, 'inner.list.1': expect.any(String) as string } },
    });
    const query = await send('{"name":"x"}', 'application/json', '/typed?limit=11');
    expect(query.json()).toMatchObject({ details: { fields: { limit: expect.any(String) as string } } });
    const unknown = await send('{"name":"x","colour":"red"}');
    expect(unknown.json()).toMatchObject({
      details: { fields: { body: expect.stringContaining('colour') as string } },
    });
  });

  it.each([
    ['malformed JSON', '{"name":', 'application/json', 400, 'malformed_json'],
    ['an empty body', '', 'application/json', 400, 'malformed_json'],
    ['an unknown type', 'x', 'application/x-tar', 415, 'unsupported_media_type'],
  ])('%s', async (_, payload, type, status, error) => {
    const answer = await send(payload, type);
    expect([answer.statusCode, (answer.json() as { error: string }).error]).toEqual([status, error]);
  });

  it.each(['{"name":"x","__proto__":{"isAdmin":true}}', '{"name":"x","constructor":{"prototype":{"isAdmin":true}}}'])(
    'a poisoned prototype: %s',
    async (payload) => {
      const answer = await send(payload);
      expect(answer.statusCode).toBe(400);
      expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    },
  );

  it('a form whose fields are named like prototypes is only a form', async () => {
    const answer = await send('name=x&__proto__[isAdmin]=1', 'application/x-www-form-urlencoded');
    expect(answer.statusCode).toBe(422);
    const field = await send('__proto__=1', 'application/x-www-form-urlencoded');
    expect(field.statusCode).toBe(422);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});

describe('errors for people', () => {
  it('are a page, with the status', async () => {
    await start(page);
    const answer = await running.inject({ url: '/throw/absent', headers: BROWSER });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.body).toBe('<h1>404 Nothing.</h1>');
    expect((await running.inject({ url: '/nowhere', headers: BROWSER })).body).toContain('<h1>404');
  });

  it('are JSON where a program asks, and below /api and /auth', async () => {
    await start(page);
    for (const url of ['/throw/absent', '/api/v1/throw/absent', '/auth/jwt/throw/absent']) {
      const headers = url.startsWith('/throw') ? { accept: '*/*' } : BROWSER;
      expect((await running.inject({ url, headers })).json()).toMatchObject({ error: 'not_found' });
    }
  });

  it('lead to the sign-in where nobody is signed in', async () => {
    const answer = await running.inject({ url: '/throw/signed-out', headers: BROWSER });
    expect([answer.statusCode, answer.headers['location']]).toEqual([302, '/login']);
    for (const accept of ['*/*', 'text/html']) {
      const fragment = await running.inject({ url: '/throw/signed-out', headers: { 'hx-request': 'true', accept } });
      expect([fragment.statusCode, fragment.headers['hx-redirect']], accept).toEqual([401, '/login']);
    }
    const program = await running.inject({ url: '/api/v1/throw/signed-out', headers: BROWSER });
    expect([program.statusCode, program.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect(program.headers).not.toHaveProperty('hx-redirect');
  });

  it('survive an error page that fails', async () => {
    await start(() => {
      throw new Error('the page is broken');
    });
    const answer = await running.inject({ url: '/throw/absent', headers: BROWSER });
    expect([answer.statusCode, (answer.json() as { error: string }).error]).toEqual([404, 'not_found']);
    expect(running.lines.join('')).toContain('the page is broken');
  });
});
