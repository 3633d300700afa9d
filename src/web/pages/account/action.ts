import type { Action } from '../../page-definition.ts';
import type { AccountData } from './data.ts';

export type AccountQuery = { done: AccountData['done'] };

/** A POST of the account page. */
export type AccountAction = Action<'member', Record<string, never>, AccountQuery, AccountData>;
