import type { ProfileChange, SessionSummary } from '../../../services/accounts/account-services.ts';
import type { Site } from '../../../services/site-service.ts';
import type { Takeout } from '../../../services/takeout/takeout-service.ts';

/** What a form of the page may have done, to be confirmed after it. */
export const DONE = [
  'profile',
  'email',
  'password',
  'session',
  'sessions',
  'site',
  'takeout',
  'takeoutRemoved',
] as const;

export interface AccountData {
  profile: ProfileChange;
  sessions: SessionSummary[];
  /** The session that asks. */
  sessionId: string | null;
  sites: Site[];
  /** The archive that was asked for last. */
  takeout: Takeout | null;
  done: (typeof DONE)[number] | null;
}
