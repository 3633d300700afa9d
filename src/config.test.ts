import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';

const load = (env: NodeJS.ProcessEnv) => loadConfig(env, '/nonexistent');

describe('configuration', () => {
  it('has a default for everything that works on a fresh machine', () => {
    const config = load({});
    expect(config.databaseUrl).toBeNull();
    expect(config.http).toEqual({ host: '0.0.0.0', port: 8000 });
    expect(config.collector.port).toBe(10000);
    expect([...config.roles]).toEqual(['web', 'collector', 'worker']);
    expect(config.timeZone).toBe('Europe/Berlin');
  });

  it.each([
    ['HTTP_PORT', 'eighty'],
    ['HTTP_PORT', '70000'],
    ['ROLES', 'web,database'],
    ['BASE_URL', 'solar.example.org'],
    ['BASE_URL', 'ftp://solar.example.org'],
    ['TZ', 'Mars/Olympus'],
    ['DATABASE_URL', 'mysql://x/y'],
    ['DATABASE_URL', 'postgresql://host'],
    ['AUTH_SECRET', 'short'],
    ['AUTH_SECRET', 'generate-strong-random-secret-min-32-characters'],
    ['ENCRYPTION_KEY', '6DLfBB4KnMuChUJZsMHWz2kJTtNRNTTtoTCCbH7CYyw='],
    ['ENCRYPTION_KEY', 'not base64'],
    ['STORE_DC_CHANNEL_DATA', 'maybe'],
    ['ROLE_PREFIX', 'Robert"); DROP'],
    ['LOG_LEVEL', 'loud'],
    ['ADMIN_ALLOW', '192.168.178.0/24, 10.0.0.0/40'],
  ])('refuses %s=%s in one line that names it', (name, value) => {
    expect(() => load({ [name]: value })).toThrow(new RegExp(`^${name} [^\\n]+$`));
  });

  it("takes the predecessor's form of the database URL", () => {
    expect(load({ DATABASE_URL: 'postgresql+asyncpg://u:p@db:5432/deyehard' }).databaseUrl).toBe(
      'postgresql://u:p@db:5432/deyehard',
    );
  });

  it('reads PORT for the collector only where that is the only role', () => {
    expect(load({ PORT: '10001', ROLES: 'collector' }).collector.port).toBe(10001);
    expect(load({ PORT: '10001' }).collector.port).toBe(10000);
  });

  it('hints at variables of the predecessor and lets RUST_LOG set an unset level', () => {
    const config = load({ API_KEY: 'x', BACKEND_URL: 'y', RUST_LOG: 'debug' });
    expect(config.hints).toHaveLength(2);
    expect(config.logLevel).toBe('debug');
    expect(load({ RUST_LOG: 'debug', LOG_LEVEL: 'warn' }).logLevel).toBe('warn');
  });

  it('gives other devices the address that was set, else one that they can reach', () => {
    expect(load({ BASE_URL: 'https://solar.example.org' }).publicUrl.href).toBe('https://solar.example.org/');
    expect(load({ HTTP_PORT: '8001', HTTP_HOST: '127.0.0.1' }).publicUrl.href).toBe('http://localhost:8001/');
  });

  it('secures cookies with an https address unless told otherwise', () => {
    expect(load({ BASE_URL: 'https://solar.example.org' }).cookieSecure).toBe(true);
    expect(load({}).cookieSecure).toBe(false);
    expect(load({ BASE_URL: 'https://solar.example.org', COOKIE_SECURE: '0' }).cookieSecure).toBe(false);
  });

  it('masks secrets in what it reports', () => {
    const secret = 'a-secret-of-at-least-thirty-two-bytes';
    const reported = JSON.stringify(load({ AUTH_SECRET: secret, DATABASE_URL: 'postgresql://u:pw@h/d' }).variables);
    expect(reported).not.toContain(secret);
    expect(reported).not.toContain('pw');
  });

  it('is listed completely in .env.example', () => {
    const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
    for (const { name } of load({}).variables) expect(example).toMatch(new RegExp(`^#${name}=`, 'm'));
  });
});
