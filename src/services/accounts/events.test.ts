import { describe, expect, it } from 'vitest';
import { FAKE_TOKENS, fakeAccount, fakeAccountServices } from '../../../test/support/fake-account-services.ts';
import { PASSWORD } from '../../../test/support/fake-password.ts';
import { InvalidInput, NotSignedIn, OtpRequired, TooMany } from '../../domain/errors.ts';
import type { SessionUser } from '../services.ts';
import type { AccountServices } from './assemble.ts';
import { logAccountEvents } from './events.ts';

const now = new Date('2026-06-15T12:00:00Z');
const client = { address: '203.0.113.7', userAgent: null };
const visitor = { client, locale: 'de' as const };
const user = { id: 7, email: 'erika@example.org' } as SessionUser;

/** Services whose sign-in ends as told, and the lines they log. */
function logged(signIn: () => Promise<unknown> = async () => ({ user })) {
  const lines: { level: string; event: string; [field: string]: unknown }[] = [];
  const at = (level: string) => (fields: object) => void lines.push({ level, ...(fields as { event: string }) });
  const services = { ...fakeAccountServices(fakeAccount()), accounts: { signIn } } as unknown as AccountServices;
  return { lines, services: logAccountEvents(services, { info: at('info'), warn: at('warn') } as never) };
}

describe('what the log says of accounts', () => {
  it('names who signed in and from where', async () => {
    const { lines, services } = logged();
    await services.accounts.signIn('erika@example.org', PASSWORD, client, now);
    expect(lines).toEqual([{ level: 'info', event: 'signed_in', address: '203.0.113.7', userId: 7 }]);
  });

  it.each([
    [new NotSignedIn('no'), 'wrong'],
    [new TooMany('wait', 60), 'too many'],
    [new OtpRequired('challenge'), 'second factor asked for'],
  ])('warns of a sign-in that ends in %s, and lets the error go on', async (error, reason) => {
    const { lines, services } = logged(async () => Promise.reject(error));
    await expect(services.accounts.signIn('erika@example.org', 'x', client, now)).rejects.toBe(error);
    expect(lines).toEqual([{ level: 'warn', event: 'sign_in_refused', reason, address: '203.0.113.7' }]);
  });

  it('follows an account from its registration to its end, without a word of what is secret', async () => {
    const { lines, services } = logged();
    const next = 'Regen-und-Nebel-9';
    await services.registration.signUp(
      { email: 'neu@example.org', password: next, firstName: 'Neu', lastName: 'Ling' },
      visitor,
      now,
    );
    await services.registration.confirmAddress('no-such-token', visitor, now);
    await services.registration.confirmAddress(FAKE_TOKENS.verify, visitor, now);
    await services.registration.requestReset('neu@example.org', visitor, now);
    await services.profile.changePassword(user, 'session-of-1', { current: PASSWORD, next }, visitor, now);
    await expect(services.profile.deleteAccount(user, 'not it', visitor, now)).rejects.toThrow();
    await services.profile.deleteAccount(user, PASSWORD, visitor, now);
    expect(lines.map(({ event, userId }) => [event, userId])).toEqual([
      ['signed_up', undefined],
      ['address_link_invalid', undefined],
      ['address_confirmed', undefined],
      ['reset_requested', undefined],
      ['password_change', 7],
      ['account_deletion_refused', 7],
      ['account_deletion', 7],
    ]);
    for (const secret of ['@example.org', next, PASSWORD, 'token', 'Ling'])
      expect(JSON.stringify(lines)).not.toContain(secret);
  });

  it('is silent about slips of the pen', async () => {
    const { lines, services } = logged(async () => Promise.reject(new InvalidInput('no', {})));
    await expect(services.accounts.signIn('', '', client, now)).rejects.toThrow();
    expect(lines).toEqual([]);
  });
});
