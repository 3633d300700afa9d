import type { ProfileChange, SessionSummary } from '../../../services/accounts/account-services.ts';

/** What a form of the page may have done, to be confirmed after it. */
export const DONE = ['profile', 'email', 'password', 'session', 'sessions'] as const;

export interface AccountData {
  profile: ProfileChange;
  sessions: SessionSummary[];
  /** The session that asks. */
  sessionId: string | null;
  done: (typeof DONE)[number] | null;
}
