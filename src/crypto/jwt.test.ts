import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { NotSignedIn } from '../domain/errors.ts';
import { deriveKey } from './derive-key.ts';
import { SessionTokens } from './jwt.ts';

const SECRET = 'a secret of at least thirty-two bytes';
const SESSION = '0b9a6f4e-6d0c-4f0e-9c0a-111111111111';
const now = new Date('2026-06-01T12:00:00Z');
const afterHours = (hours: number): Date => new Date(now.getTime() + hours * 3_600_000);

/** A token with any claims, signed with any key: what a forger could send. */
function forge(header: object, payload: object, key: Buffer | string): string {
  const body = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
}

describe('session tokens', () => {
  const tokens = new SessionTokens(SECRET);

  it('say who and which session, for two days', async () => {
    const { token, expiresAt } = await tokens.sign(7, SESSION, now);
    expect(expiresAt).toEqual(afterHours(48));
    expect(await tokens.read(token, afterHours(47.9))).toEqual({ userId: 7, sessionId: SESSION, expiresAt });
    await expect(tokens.read(token, afterHours(48))).rejects.toThrow(NotSignedIn);
  });

  it('carry the predecessor’s audience', async () => {
    const { token } = await tokens.sign(7, SESSION, now);
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(payload).toMatchObject({ sub: '7', sid: SESSION, aud: 'fastapi-users:auth' });
  });

  it('are read for a while after their end where that is asked for', async () => {
    const { token } = await tokens.sign(7, SESSION, now);
    expect(await tokens.read(token, afterHours(50), 3 * 3600)).toMatchObject({ userId: 7 });
    await expect(tokens.read(token, afterHours(52), 3 * 3600)).rejects.toThrow(NotSignedIn);
  });

  it('of another installation are refused', async () => {
    const { token } = await new SessionTokens('another secret of thirty-two bytes!!').sign(7, SESSION, now);
    await expect(tokens.read(token, now)).rejects.toThrow(NotSignedIn);
  });

  const claims = { sub: '7', sid: SESSION, aud: 'fastapi-users:auth', exp: afterHours(1).getTime() / 1000 };
  const key = deriveKey(SECRET, 'session tokens');
  it('accepts the honest one of these', async () => {
    expect(await tokens.read(forge({ alg: 'HS256' }, claims, key), now)).toMatchObject({ userId: 7 });
  });
  it.each([
    ['signed with the secret itself', forge({ alg: 'HS256' }, claims, SECRET)],
    ['signed with the key of another purpose', forge({ alg: 'HS256' }, claims, deriveKey(SECRET, 'form tokens'))],
    ['of no algorithm', `${forge({ alg: 'none' }, claims, key).split('.').slice(0, 2).join('.')}.`],
    ['of another audience', forge({ alg: 'HS256' }, { ...claims, aud: 'fastapi-users:reset' }, key)],
    ['without session', forge({ alg: 'HS256' }, { ...claims, sid: undefined }, key)],
    ['with a session that is no text', forge({ alg: 'HS256' }, { ...claims, sid: 5 }, key)],
    ['without end', forge({ alg: 'HS256' }, { ...claims, exp: undefined }, key)],
    ['of nobody', forge({ alg: 'HS256' }, { ...claims, sub: 'x' }, key)],
    ['not a token', 'ABCD-EFGH-JKMN-PQRS'],
    ['empty', ''],
  ])('refuses one %s', async (_, token) => {
    await expect(tokens.read(token, now)).rejects.toThrow(NotSignedIn);
  });
});
