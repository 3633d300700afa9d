import type { RoleNames } from '../../../src/db/roles.ts';

/** Of a function of the database: who may execute it, in whose name it runs, and how it behaves towards another account. */
export interface FunctionPolicy {
  /** The roles that may execute it beside its owner. */
  execute: readonly (keyof RoleNames)[];
  /** For SECURITY DEFINER: whose rights it uses. */
  definer?: 'owner' | 'lookup';
  /**
   * For a definer function that a login may execute: arguments that reach for another account, with which it must neither answer nor
   * change anything of it; or the reason why there is nothing to reach for.
   */
  foreign?: ForeignCall | string;
}

/** Named arguments as SQL; those not named are empty arrays, or NULL. */
export interface ForeignCall {
  args(of: CallTarget): Record<string, string>;
  /** The same call for one's own inverter must do something, which proves that the call is a good one. Not so for those that only read. */
  readsOnly?: true;
  /** It takes whose it is from the tenant and nothing else, so that it does the same whatever is asked for. */
  takesNoIds?: true;
  /**
   * Tables in which it leaves rows of one's own account under an inverter that is not in it. Nobody else sees them, but they belong to
   * nothing; a function that asks `api.inverter` leaves none.
   */
  leavesOrphansIn?: readonly string[];
}

export interface CallTarget {
  /** Whose id is given, and whose inverter. */
  user: number;
  inverter: number;
  serial: string;
}
