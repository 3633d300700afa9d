import { describe, expect, it, vi } from 'vitest';
import { NotSignedIn, TooMany, Unavailable } from '../domain/errors.ts';
import type { AccountService } from '../services/services.ts';
import { limitSignIns, networkOf, SignInLimit } from './sign-in-limit.ts';

const now = new Date('2026-06-01T12:00:00Z');
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const wrong = (): Promise<never> => Promise.reject(new NotSignedIn('wrong'));
const right = async (): Promise<string> => 'in';

async function fail(
  limit: SignInLimit,
  times: number,
  address = '192.0.2.1',
  account = 'a@x',
  at = now,
): Promise<void> {
  for (let n = 0; n < times; n++) await expect(limit.attempt(address, account, at, wrong)).rejects.toThrow(NotSignedIn);
}

describe('sign-in limit', () => {
  it('lets five failures a minute pass, then nothing, not even the right password', async () => {
    const limit = new SignInLimit();
    await fail(limit, 5);
    const attempt = vi.fn(right);
    const refused = (await limit.attempt('192.0.2.1', 'a@x', later(20), attempt).catch((e: unknown) => e)) as TooMany;
    expect(refused).toBeInstanceOf(TooMany);
    expect(refused.retryAfterS).toBe(40);
    expect(attempt).not.toHaveBeenCalled();
    expect(await limit.attempt('192.0.2.1', 'a@x', later(60), attempt)).toBe('in');
  });

  it('lets one more pass for each failure that is a minute old', async () => {
    const limit = new SignInLimit();
    for (let n = 0; n < 5; n++) await fail(limit, 1, '192.0.2.1', 'a@x', later(10 * n));
    await expect(limit.attempt('192.0.2.1', 'a@x', later(59), right)).rejects.toThrow(TooMany);
    await fail(limit, 1, '192.0.2.1', 'a@x', later(60));
    await expect(limit.attempt('192.0.2.1', 'a@x', later(61), right)).rejects.toThrow(TooMany);
  });

  it('counts for each address and account apart, the account in any spelling', async () => {
    const limit = new SignInLimit();
    await fail(limit, 5);
    expect(await limit.attempt('192.0.2.2', 'a@x', now, right)).toBe('in');
    expect(await limit.attempt('192.0.2.1', 'b@x', now, right)).toBe('in');
    await expect(limit.attempt('192.0.2.1', ' A@X', now, right)).rejects.toThrow(TooMany);
  });

  it('never counts successes, and starts anew after one', async () => {
    const limit = new SignInLimit();
    for (let n = 0; n < 20; n++) await limit.attempt('192.0.2.1', 'a@x', now, right);
    await fail(limit, 4);
    await limit.attempt('192.0.2.1', 'a@x', now, right);
    await fail(limit, 5);
  });

  it('does not take an outage for a wrong password', async () => {
    const limit = new SignInLimit();
    const away = (): Promise<never> => Promise.reject(new Unavailable('away'));
    for (let n = 0; n < 10; n++)
      await expect(limit.attempt('192.0.2.1', 'a@x', now, away)).rejects.toThrow(Unavailable);
  });

  it('lets no more than five guesses through at once', async () => {
    const limit = new SignInLimit();
    let tried = 0;
    const guess = async (): Promise<never> => {
      tried++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return wrong();
    };
    const guesses = Array.from({ length: 50 }, () => limit.attempt('192.0.2.1', 'a@x', now, guess));
    const outcomes = await Promise.allSettled(guesses);
    expect(tried).toBe(5);
    expect(outcomes.filter((o) => o.status === 'rejected' && o.reason instanceof TooMany)).toHaveLength(45);
  });

  it('lets any number of right passwords through at once', async () => {
    const limit = new SignInLimit();
    const slow = async (): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return 'in';
    };
    const all = Array.from({ length: 50 }, () => limit.attempt('192.0.2.1', 'a@x', now, slow));
    expect(new Set(await Promise.all(all))).toEqual(new Set(['in']));
    expect(limit.size).toBe(0);
  });

  it('does not grow without end', async () => {
    const limit = new SignInLimit({ maxRemembered: 100 });
    for (let n = 0; n < 300; n++) await fail(limit, 1, '192.0.2.1', `${n}@x`);
    expect(limit.size).toBe(100);
  });

  it('takes other numbers', async () => {
    const limit = new SignInLimit({ failures: 2, windowS: 10 });
    await fail(limit, 2);
    await expect(limit.attempt('192.0.2.1', 'a@x', later(9), right)).rejects.toThrow(TooMany);
    expect(await limit.attempt('192.0.2.1', 'a@x', later(10), right)).toBe('in');
  });

  it('goes around the sign-in of an account service, and nothing else', async () => {
    const signIn = vi.fn(wrong);
    const identify = vi.fn();
    const accounts = limitSignIns({ signIn, identify } as unknown as AccountService, new SignInLimit({ failures: 1 }));
    const client = { address: '192.0.2.1', userAgent: null };
    await expect(accounts.signIn('a@x', 'p', client, now)).rejects.toThrow(NotSignedIn);
    await expect(accounts.signIn('a@x', 'p', client, now)).rejects.toThrow(TooMany);
    expect(signIn).toHaveBeenCalledTimes(1);
    expect(signIn).toHaveBeenCalledWith('a@x', 'p', client, now, undefined);
    expect(accounts.identify).toBe(identify);
  });
});

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:DB8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1:2:3:4:5', '2001:db8:0:1::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::', 'fe80:0:0:0::/64'],
])('networkOf(%s) is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
