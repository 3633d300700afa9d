import type { UserId } from '../../domain/inverter.ts';
import type { Client, Locale, NewAccount, SessionUser } from '../services.ts';

/** Where somebody comes from, and the language in which he is written to unless his account says another. */
export interface Visitor {
  client: Client;
  locale: Locale;
}

/**
 * The ways into an account that begin with an e-mail address. None of them tells whether an address has an account: not by its words,
 * its status or its time; whoever owns the address learns it by mail.
 */
export interface RegistrationService {
  /** False: only an administrator makes accounts. */
  readonly isOpen: boolean;
  /** Mails a link to confirm the address, or to its owner that there is an account. @throws InvalidInput, NotAllowed when closed */
  signUp(account: NewAccount, visitor: Visitor, now: Date): Promise<void>;
  /** Uses a mailed link to an address. A used one is `confirmed` too while its address is the account's: people click twice. */
  confirmAddress(token: string, visitor: Visitor, now: Date): Promise<'confirmed' | 'invalid'>;
  /** Mails another link; nothing when the address is confirmed. */
  resendConfirmation(user: SessionUser, visitor: Visitor, now: Date): Promise<void>;
  /** Mails a link to choose a new password, where there is an account. */
  requestReset(email: string, visitor: Visitor, now: Date): Promise<void>;
  isResetTokenValid(token: string, now: Date): Promise<boolean>;
  /** Ends every session; signs nobody in. @throws NotAllowed when the link is not good, InvalidInput */
  resetPassword(token: string, password: string, visitor: Visitor, now: Date): Promise<void>;
}

export interface ProfileChange {
  firstName: string;
  lastName: string;
  /** Null: follow the browser. */
  locale: Locale | null;
  /** IANA zone of the account's first site. */
  timeZone: string;
}

/** What somebody does with his own account. Whatever could take it from him asks for the password: `NotAllowed` when it is wrong. */
export interface ProfileService {
  read(userId: UserId): Promise<ProfileChange>;
  /** @throws InvalidInput */
  update(userId: UserId, profile: ProfileChange): Promise<void>;
  /** Mails both addresses; the old one stays until the new one is confirmed. @throws WrongPassword, InvalidInput */
  changeEmail(user: SessionUser, newEmail: string, password: string, visitor: Visitor, now: Date): Promise<void>;
  /** Every session but this one ends. @throws WrongPassword, InvalidInput */
  changePassword(
    user: SessionUser,
    sessionId: string,
    passwords: { current: string; next: string },
    visitor: Visitor,
    now: Date,
  ): Promise<void>;
  /** Frees the serials at once; what was measured is removed by the worker. @throws WrongPassword, Conflict for the last administrator */
  deleteAccount(user: SessionUser, password: string, visitor: Visitor, now: Date): Promise<void>;
}

export interface SessionSummary {
  id: string;
  createdAt: Date;
  lastUsedAt: Date;
  address: string | null;
  userAgent: string | null;
}

export interface SessionService {
  /** The living ones, last used first. */
  list(userId: UserId, now: Date): Promise<SessionSummary[]>;
  /** @throws NotFound, also for another account's and for one that is over */
  end(userId: UserId, sessionId: string, client: Client, now: Date): Promise<void>;
  /** All of them, or all but one. @returns how many */
  endAll(userId: UserId, but: string | null, client: Client, now: Date): Promise<number>;
}

export interface TwoFactorState {
  isOn: boolean;
  /** How many are left. */
  recoveryCodes: number;
  /** Begun and not confirmed: what the authenticator app is told, as text and as the address it opens. */
  setUp: { seed: string; url: string } | null;
}

/** The second factor of one's own account. */
export interface TwoFactorService {
  /** Whether this account must have one and has none yet: administrators. */
  isDue(user: SessionUser): Promise<boolean>;
  state(user: SessionUser, now: Date): Promise<TwoFactorState>;
  /** A fresh seed; nothing is demanded before it is confirmed. @throws WrongPassword, Conflict when it is on */
  begin(user: SessionUser, password: string, visitor: Visitor, now: Date): Promise<void>;
  /** Switches it on; every session but this one ends. @returns the recovery codes, shown this once. @throws InvalidInput, Conflict */
  confirm(user: SessionUser, sessionId: string, code: string, visitor: Visitor, now: Date): Promise<string[]>;
  /** New recovery codes in place of all others. @throws WrongPassword */
  renewCodes(user: SessionUser, password: string, visitor: Visitor, now: Date): Promise<string[]>;
  /** @throws WrongPassword */
  disable(user: SessionUser, password: string, visitor: Visitor, now: Date): Promise<void>;
}
