import { NotSignedIn, OtpRequired, TooMany, WrongPassword } from '../../domain/errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Client, SignedIn } from '../services.ts';
import type { AccountServices } from './assemble.ts';

/**
 * Says in the log what is done with accounts: an `event`, the account's id and the network address it came from; never an e-mail address, a
 * password, a code or a link. For pages and API alike, so that neither can forget it.
 */
export function logAccountEvents(services: AccountServices, log: Pick<Logger, 'info' | 'warn'>): AccountServices {
  const { accounts, admin, registration, profile, sessions, twoFactor } = services;
  const tell = (event: string, { address }: Client, userId?: number): void =>
    log.info({ event, address, ...(userId === undefined ? {} : { userId }) }, event.replaceAll('_', ' '));
  const attempt = async <T>(event: string, { address }: Client, userId: number | undefined, act: () => Promise<T>) => {
    try {
      return await act();
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== null) {
        const who = userId === undefined ? {} : { userId };
        log.warn({ event: `${event}_refused`, reason, address, ...who }, `${event.replaceAll('_', ' ')} refused`);
      }
      throw error;
    }
  };
  const signIn = async (client: Client, act: () => Promise<SignedIn>): Promise<SignedIn> => {
    const signedIn = await attempt('sign_in', client, undefined, act);
    tell('signed_in', client, signedIn.user.id);
    return signedIn;
  };
  /** Something an account's owner does, who may have to give his password for it. */
  const own = async <T>(event: string, client: Client, userId: number, act: () => Promise<T>): Promise<T> => {
    const result = await attempt(event, client, userId, act);
    tell(event, client, userId);
    return result;
  };

  /** Something an administrator does to somebody else's account or device. */
  const byAdmin = async (act: string, client: Client, actorId: number, about: object, work: () => Promise<void>) => {
    await work();
    log.info({ event: 'admin_act', act, ...about, actorId, address: client.address }, 'act of an administrator');
  };

  return {
    admin: {
      ...admin,
      act: (actor, userId, act, visitor, now) =>
        byAdmin(act, visitor.client, actor.id, { userId }, () => admin.act(actor, userId, act, visitor, now)),
      startReset: (actor, userId, visitor, now) =>
        byAdmin('start-reset', visitor.client, actor.id, { userId }, () =>
          admin.startReset(actor, userId, visitor, now),
        ),
      assignLogger: (actor, logger, visitor, now) =>
        byAdmin('assign-logger', visitor.client, actor.id, { serial: logger.serial }, () =>
          admin.assignLogger(actor, logger, visitor, now),
        ),
      retryMail: (actor, mail, visitor, now) =>
        byAdmin('retry-mail', visitor.client, actor.id, { mail }, () => admin.retryMail(actor, mail, visitor, now)),
    },
    accounts: {
      ...accounts,
      signIn: (email, password, client, now, otp) =>
        signIn(client, () => accounts.signIn(email, password, client, now, otp)),
      signInWithCode: (challenge, otp, client, now) =>
        signIn(client, () => accounts.signInWithCode(challenge, otp, client, now)),
      async createFirstAdmin(token, account, now) {
        const created = await accounts.createFirstAdmin(token, account, now);
        log.info({ event: 'first_administrator_created', userId: created.id }, 'first administrator created');
        return created;
      },
    },
    registration: {
      ...registration,
      async signUp(account, visitor, now) {
        await attempt('sign_up', visitor.client, undefined, () => registration.signUp(account, visitor, now));
        tell('signed_up', visitor.client);
      },
      async confirmAddress(token, visitor, now) {
        const outcome = await registration.confirmAddress(token, visitor, now);
        tell(outcome === 'confirmed' ? 'address_confirmed' : 'address_link_invalid', visitor.client);
        return outcome;
      },
      async requestReset(email, visitor, now) {
        await attempt('reset_request', visitor.client, undefined, () => registration.requestReset(email, visitor, now));
        tell('reset_requested', visitor.client);
      },
      async resetPassword(token, password, visitor, now) {
        await registration.resetPassword(token, password, visitor, now);
        tell('password_reset', visitor.client);
      },
    },
    profile: {
      ...profile,
      changeEmail: (user, email, password, visitor, now) =>
        own('email_change', visitor.client, user.id, () => profile.changeEmail(user, email, password, visitor, now)),
      changePassword: (user, sessionId, passwords, visitor, now) =>
        own('password_change', visitor.client, user.id, () =>
          profile.changePassword(user, sessionId, passwords, visitor, now),
        ),
      deleteAccount: (user, password, visitor, now) =>
        own('account_deletion', visitor.client, user.id, () => profile.deleteAccount(user, password, visitor, now)),
    },
    sessions: {
      ...sessions,
      end: (userId, sessionId, client, now) =>
        own('session_end', client, userId, () => sessions.end(userId, sessionId, client, now)),
      endAll: (userId, but, client, now) =>
        own('sessions_end', client, userId, () => sessions.endAll(userId, but, client, now)),
    },
    twoFactor: {
      ...twoFactor,
      confirm: (user, sessionId, code, visitor, now) =>
        own('second_factor_on', visitor.client, user.id, () => twoFactor.confirm(user, sessionId, code, visitor, now)),
      disable: (user, password, visitor, now) =>
        own('second_factor_off', visitor.client, user.id, () => twoFactor.disable(user, password, visitor, now)),
    },
  };
}

/** Of refusals that say something about who is there; null for slips of the pen, which are nobody's business. */
function reasonOf(error: unknown): string | null {
  if (error instanceof OtpRequired) return 'second factor asked for';
  if (error instanceof NotSignedIn) return 'wrong';
  if (error instanceof TooMany) return 'too many';
  return error instanceof WrongPassword ? 'wrong password' : null;
}
