import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BEARER, COOKIE, KEYS, type TestApp, testApp } from '../../test/support/test-app.ts';

let running: TestApp | null = null;
afterEach(async () => {
  await running?.app.close();
  running = null;
});

async function appWith(...args: Parameters<typeof testApp>): Promise<TestApp> {
  running = await testApp(...args);
  return running;
}

const hello = async (app: TestApp['app']): Promise<void> => {
  app.get('/hello', async () => ({ hello: 'world' }));
};

describe('the headers of every answer', () => {
  const http = { config: { baseUrl: new URL('http://192.168.0.2:8000'), cookieSecure: false, trustProxy: null } };

  it('let a page load nothing from elsewhere', async () => {
    const { inject } = await appWith([hello]);
    const { headers } = await inject({ url: '/hello' });
    expect(headers['content-security-policy']).toBe(
      "default-src 'self';script-src 'self';style-src 'self';" +
        "style-src-attr 'unsafe-inline';img-src 'self' data:;object-src 'none';base-uri 'none';frame-ancestors 'none';" +
        "form-action 'self'",
    );
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      'strict-transport-security': 'max-age=31536000',
      'cross-origin-opener-policy': 'same-origin',
    });
  });

  it('let in what stands in the pages themselves, by its hash', async () => {
    const { inject } = await appWith([hello], { inline: { style: "'sha256-of-style'", script: "'sha256-of-script'" } });
    const { headers } = await inject({ url: '/hello' });
    expect(headers['content-security-policy']).toContain(
      ";script-src 'self' 'sha256-of-script';style-src 'self' 'sha256-of-style';",
    );
  });

  it('do not send a phone in the local network to https', async () => {
    const { inject } = await appWith([hello], http);
    const { headers } = await inject({ url: '/hello' });
    expect(headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
    expect(headers).not.toHaveProperty('strict-transport-security');
    expect(headers).not.toHaveProperty('cross-origin-opener-policy');
  });

  it('are on errors too', async () => {
    const { inject } = await appWith([hello]);
    const { headers } = await inject({ url: '/nowhere' });
    expect(headers).toHaveProperty('content-security-policy');
    expect(headers).toHaveProperty('x-content-type-options', 'nosniff');
  });

  it('can be chosen by a route', async () => {
    const { inject } = await appWith([
      async (app) => {
        app.get('/asset', (_, reply) => reply.header('cache-control', 'public, max-age=60').send('x'));
      },
    ]);
    expect((await inject({ url: '/asset' })).headers['cache-control']).toBe('public, max-age=60');
  });

  it('name the request, each another', async () => {
    const { inject } = await appWith([hello]);
    const ids = [await inject({ url: '/hello' }), await inject({ url: '/nowhere' })].map(
      (a) => a.headers['x-request-id'],
    );
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-1$/);
    expect(ids[1]).toMatch(/^[0-9a-f]{8}-2$/);
  });
});

describe('limits', () => {
  const echo = async (app: TestApp['app']): Promise<void> => {
    app.post('/echo', { config: { csrf: false } }, async ({ body }) => ({ length: JSON.stringify(body).length }));
  };

  it('bodies have 256 KiB', async () => {
    const { inject } = await appWith([echo]);
    const send = (length: number) => inject({ method: 'POST', url: '/echo', payload: { text: 'x'.repeat(length) } });
    expect((await send(250 * 1024)).statusCode).toBe(200);
    const tooLarge = await send(257 * 1024);
    expect(tooLarge.statusCode).toBe(413);
    expect(tooLarge.json()).toEqual({ error: 'too_large', message: expect.any(String) as string, details: {} });
  });

  it('connections outlast a minute between two requests, and slow ones do not last', async () => {
    const { app } = await appWith([hello]);
    expect(app.server.keepAliveTimeout).toBe(75_000);
    expect(app.server.requestTimeout).toBe(30_000);
    expect(app.server.headersTimeout).toBe(20_000);
  });

  it('what is not HTTP is answered in our form and closed', async () => {
    const { app } = await appWith([hello]);
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as { port: number };
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write('nonsense\r\n\r\n'));
      socket.on('data', (bytes) => {
        text += bytes.toString();
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: 'bad_request', details: {} });
  });

  it('large answers are compressed for whoever wants it', async () => {
    const { inject } = await appWith([
      async (app) => {
        app.get('/large', async () => ({ text: 'x'.repeat(5000) }));
      },
    ]);
    const asked = await inject({ url: '/large', headers: { 'accept-encoding': 'gzip' } });
    expect(asked.headers['content-encoding']).toBe('gzip');
    expect((await inject({ url: '/large' })).headers).not.toHaveProperty('content-encoding');
    const esp32 = { 'accept-encoding': 'identity;q=1,chunked;q=0.1,*;q=0' };
    expect((await inject({ url: '/large', headers: esp32 })).headers).not.toHaveProperty('content-encoding');
  });
});

describe('the log', () => {
  /** A request is logged when it is over, which is a moment after its answer. */
  const logged = (lines: readonly string[], count: number): Promise<void> =>
    expect.poll(() => lines.length).toBeGreaterThanOrEqual(count);

  const routes = async (app: TestApp['app']): Promise<void> => {
    app.get('/verify', async () => 'ok');
    app.get('/setup/:token', async () => 'ok');
    app.post('/bug', { config: { csrf: false } }, async ({ body }) => {
      throw new Error('a bug', { cause: Object.keys(body as object) });
    });
    app.post(
      '/typed',
      { config: { csrf: false }, schema: { body: z.object({ password: z.string().max(3) }) } },
      async () => 'ok',
    );
    app.get('/quiet', { config: { quiet: true } }, async () => 'ok');
  };

  it('never holds a secret, whatever happens', async () => {
    const { inject, lines } = await appWith([routes]);
    const headers = { ...BEARER, 'x-api-key': 'READ-READ-READ-READ', cookie: 'fastapiusersauth=cookie-secret' };
    const secrets = ['token-of-1', KEYS.read, 'cookie-secret', 'query-secret', 'path-secret', 'body-secret'];
    await inject({ url: '/verify?token=query-secret', headers });
    await inject({ url: '/nowhere?token=query-secret', headers });
    await inject({ url: '/setup/path-secret', headers });
    const payload = { password: 'body-secret', _csrf: 'body-secret' };
    await inject({ method: 'POST', url: '/bug?token=query-secret', headers, payload });
    await inject({ method: 'POST', url: '/typed', headers, payload });
    await inject({
      method: 'POST',
      url: '/typed',
      headers: { ...headers, 'content-type': 'application/json' },
      payload: '{"body-secret',
    });
    await inject({ url: '/verify', headers: { authorization: 'Bearer query-secret' } });
    await logged(lines, 8);
    for (const secret of secrets) expect(lines.join(''), secret).not.toContain(secret);
    expect(lines.join('')).not.toContain('example.org');
  });

  it('has one line for each request: what, who, how', async () => {
    const { inject, lines } = await appWith([routes]);
    await inject({ url: '/verify?token=x', cookies: COOKIE });
    await logged(lines, 1);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 30,
      reqId: expect.stringMatching(/-1$/) as string,
      method: 'GET',
      path: '/verify',
      status: 200,
      ms: expect.any(Number) as number,
      address: '127.0.0.1',
      userId: 1,
    });
  });

  it('keeps routine for whoever looks for something', async () => {
    const { inject, lines } = await appWith([routes]);
    await inject({ url: '/quiet' });
    await logged(lines, 1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 20 });
  });

  it('tells a bug with its stack, the asker nothing', async () => {
    const { inject, lines } = await appWith([routes]);
    const answer = await inject({ method: 'POST', url: '/bug', payload: {} });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toEqual({ error: 'internal_error', message: expect.any(String) as string, details: {} });
    expect(answer.body).not.toContain('a bug');
    await logged(lines, 2);
    expect(lines.join('')).toMatch(/"stack":"Error: a bug\\n.*app\.test\.ts/);
  });

  it('believes a forwarded address only from the proxy that is named', async () => {
    const address = async (trustProxy: string | null): Promise<unknown> => {
      const app = await appWith([routes], {
        config: { baseUrl: new URL('https://solar.example.org'), cookieSecure: true, trustProxy },
      });
      await app.inject({ url: '/verify', headers: { 'x-forwarded-for': '203.0.113.9' } });
      await logged(app.lines, 1);
      await app.app.close();
      return (JSON.parse(app.lines[0] ?? '') as { address: string }).address;
    };
    expect(await address(null)).toBe('127.0.0.1');
    expect(await address('10.0.0.1')).toBe('127.0.0.1');
    expect(await address('10.0.0.1, 127.0.0.0/8')).toBe('203.0.113.9');
  });
});
