import { InvalidInput, NotAllowed, NotFound, TooMany, WrongPassword } from '../../src/domain/errors.ts';
import type { ProfileChange, SessionSummary, TwoFactorState } from '../../src/services/accounts/account-services.ts';
import { checkedAccount, checkedProfile, passwordProblem } from '../../src/services/accounts/rules.ts';
import type { Services, SessionUser } from '../../src/services/services.ts';
import { PASSWORD } from './fake-password.ts';

/** What the account pages work on, in memory. */
export interface FakeAccount {
  signupIsOpen: boolean;
  profile: ProfileChange;
  sessions: SessionSummary[];
  /** What was mailed to whom. */
  mails: string[];
  isDeleted: boolean;
  twoFactor: TwoFactorState;
}

export const FAKE_TOKENS = { verify: 'verify-token', reset: 'reset-token' };

const FAKE_CODES = Array.from({ length: 10 }, (_, n) => `ABCD-EFGH-JKMN-PQR${'STUVWXYZ23'[n]}`);

export function fakeAccount(): FakeAccount {
  const at = new Date('2026-06-15T11:00:00Z');
  const firefox = 'Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0';
  const safari =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1';
  return {
    signupIsOpen: true,
    profile: { firstName: 'Erika', lastName: 'Muster', locale: null, timeZone: 'Europe/Berlin' },
    sessions: [
      { id: 'session-of-1', createdAt: at, lastUsedAt: at, address: '192.168.178.31', userAgent: firefox },
      {
        id: 'session-two',
        createdAt: at,
        lastUsedAt: new Date('2026-06-12T08:00:00Z'),
        address: '2001:db8::17',
        userAgent: safari,
      },
      {
        id: 'session-three',
        createdAt: at,
        lastUsedAt: new Date('2026-05-12T08:00:00Z'),
        address: null,
        userAgent: null,
      },
    ],
    mails: [],
    isDeleted: false,
    twoFactor: { isOn: false, recoveryCodes: 0, setUp: null },
  };
}

export function fakeAccountServices(
  account: FakeAccount,
): Pick<Services, 'registration' | 'profile' | 'sessions' | 'twoFactor'> {
  const ask = (password: string): void => {
    if (password !== PASSWORD) throw new WrongPassword('The password is wrong.');
  };
  const check = (password: string, email: string): void => {
    const problem = passwordProblem(password, email);
    if (problem !== null) throw new InvalidInput('That password will not do.', { new_password1: problem });
  };
  return {
    registration: {
      get isOpen() {
        return account.signupIsOpen;
      },
      async signUp(typed) {
        if (!account.signupIsOpen) throw new NotAllowed('closed');
        if (typed.email === 'busy@example.org') throw new TooMany('Too many attempts.', 90);
        account.mails.push(`verify ${checkedAccount(typed).email}`);
      },
      confirmAddress: async (token) => (token === FAKE_TOKENS.verify ? 'confirmed' : 'invalid'),
      async resendConfirmation({ email }: SessionUser) {
        account.mails.push(`verify ${email}`);
      },
      async requestReset(email) {
        account.mails.push(`reset ${email}`);
      },
      isResetTokenValid: async (token) => token === FAKE_TOKENS.reset,
      async resetPassword(token, password) {
        if (token !== FAKE_TOKENS.reset) throw new NotAllowed('The link is no longer valid.');
        check(password, 'erika@example.org');
      },
    },
    profile: {
      read: async () => account.profile,
      async update(_, profile) {
        account.profile = checkedProfile(profile);
      },
      async changeEmail(user, newEmail, password) {
        ask(password);
        if (newEmail === user.email) throw new InvalidInput('unchanged', { new_email: 'unchanged' });
        account.mails.push(`newAddress ${newEmail}`);
      },
      async changePassword(user, _, { current, next }) {
        check(next, user.email);
        ask(current);
      },
      async deleteAccount(_, password) {
        ask(password);
        account.isDeleted = true;
      },
    },
    twoFactor: {
      isDue: async ({ isAdmin }: SessionUser) => isAdmin && !account.twoFactor.isOn,
      state: async () => account.twoFactor,
      async begin(_, password) {
        ask(password);
        const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
        const setUp = { seed, url: `otpauth://totp/Deye%20Hard:erika?secret=${seed}&issuer=Deye%20Hard` };
        account.twoFactor = { isOn: false, recoveryCodes: 0, setUp };
      },
      async confirm(_, __, code) {
        if (code !== '123456') throw new InvalidInput('The code is wrong.', { otp: 'wrong' });
        account.twoFactor = { isOn: true, recoveryCodes: 10, setUp: null };
        return FAKE_CODES;
      },
      async renewCodes(_, password) {
        ask(password);
        return FAKE_CODES;
      },
      async disable(_, password) {
        ask(password);
        account.twoFactor = { isOn: false, recoveryCodes: 0, setUp: null };
      },
    },
    sessions: {
      list: async () => account.sessions,
      async end(_, id) {
        if (!account.sessions.some((session) => session.id === id)) throw new NotFound('There is no such session.');
        account.sessions = account.sessions.filter((session) => session.id !== id);
      },
      async endAll(_, but) {
        const before = account.sessions.length;
        account.sessions = account.sessions.filter(({ id }) => id === but);
        return before - account.sessions.length;
      },
    },
  };
}
