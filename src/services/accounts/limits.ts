import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Limit } from '../../config-types.ts';
import { asTenant } from '../../db/as-tenant.ts';
import type { DbPool } from '../../db/pools.ts';
import { householdOf } from '../../domain/address.ts';
import { NotSignedIn, TooMany, WrongPassword } from '../../domain/errors.ts';
import type { UserId } from '../../domain/inverter.ts';
import { findAccount } from '../../store/accounts.ts';
import { type Admission, admitAttempt, type Bucket, settleAttempt } from '../../store/attempts.ts';
import { sessionAddresses } from '../../store/sessions.ts';
import type { Client } from '../services.ts';

/** Of a whole network, which may be a company or a mobile carrier, so many times what one account there may. */
const NETWORK_FACTOR = 10;
/** Failures of one account from everywhere, beyond which only networks it was used from before may try (ASVS 5.0, 6.3.1: 100). */
const ACCOUNT: Limit = { count: 100, windowS: 3600 };
/** Mails to one address asked for from everywhere. Whoever asks is not told, and the links in the mails before are still good. */
const MAILS_FACTOR = 3;
/** Wrong codes of one account. Only who has its password gets so far, so this one may lock the account for its time. */
const CODES: Limit = { count: 20, windowS: 3600 };
/** How long an attempt waits for others of its kind that are under way before it gives up. */
const PATIENCE_MS = 3_000;
const POLL_MS = 50;

export interface LimitsOptions {
  app: DbPool;
  signIn: Limit;
  reset: Limit;
}

/**
 * Slows guessing down, for all processes together: failures per network and account, per network, and per account. The last is no
 * weapon against anybody: who failed too often from everywhere is still let in from where he was let in before. Successes cost nothing.
 */
export interface AccountLimits {
  /** Counts what ends in NotSignedIn or WrongPassword. @throws TooMany, or whatever `work` throws */
  attempt<T>(email: string, client: Client, now: Date, work: () => Promise<T>): Promise<T>;
  /** Counts wrong codes of an account whose password was right. @throws TooMany, or whatever `work` throws */
  secondStep<T>(userId: UserId, now: Date, work: () => Promise<T>): Promise<T>;
  /** Counts a mail that a stranger asked for. False: the address had enough of them, send none. @throws TooMany when the network asked too often */
  strangersMail(email: string, client: Client, now: Date): Promise<boolean>;
  /** Counts a mail that a member asked for. @throws TooMany */
  membersMail(userId: UserId, now: Date): Promise<void>;
}

export function createLimits({ app, signIn, reset }: LimitsOptions): AccountLimits {
  /** One failed attempt after another, or several at once: of the latter only as many as may still fail. */
  async function admit(buckets: readonly Bucket[], now: Date): Promise<Admission> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const admission = await admitAttempt(app, buckets, now);
      if (admission.admitted || admission.running === 0 || performance.now() > until) return admission;
      await wait(POLL_MS);
    }
  }

  /** @param cleared buckets that begin anew when it goes well */
  async function counted<T>(ids: readonly number[], cleared: readonly Buffer[], work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      await settleAttempt(app, ids, false, cleared);
      return result;
    } catch (error) {
      await settleAttempt(app, ids, error instanceof NotSignedIn || error instanceof WrongPassword);
      throw error;
    }
  }

  async function isKnownNetwork(email: string, network: string): Promise<boolean> {
    const found = await findAccount(app, email);
    if (found === null) return false;
    const addresses = await asTenant(app, found.account.id, (tx) => sessionAddresses(tx, found.account.id));
    return addresses.some((address) => householdOf(address) === network);
  }

  return {
    async attempt(email, { address }, now, work) {
      const account = normalised(email);
      const network = householdOf(address);
      const pair = bucket(`pair ${network} ${account}`, signIn);
      const near = [pair, bucket(`network ${network}`, times(signIn, NETWORK_FACTOR))];
      let admission = await admit([...near, bucket(`account ${account}`, ACCOUNT)], now);
      if (!admission.admitted && admission.by === near.length && (await isKnownNetwork(email, network))) {
        admission = await admit(near, now);
      }
      if (!admission.admitted) throw tooMany(admission.waitS);
      return counted(admission.ids, [pair.key], work);
    },

    async secondStep(userId, now, work) {
      const codes = bucket(`codes ${userId}`, CODES);
      const admission = await admit([codes], now);
      if (!admission.admitted) throw tooMany(admission.waitS);
      return counted(admission.ids, [codes.key], work);
    },

    async strangersMail(email, { address }, now) {
      const network = householdOf(address);
      const asked = [
        bucket(`asked ${network} ${normalised(email)}`, reset),
        bucket(`asked ${network}`, times(reset, NETWORK_FACTOR)),
      ];
      const admission = await admitAttempt(app, asked, now);
      if (!admission.admitted) throw tooMany(admission.waitS);
      await settleAttempt(app, admission.ids, true);
      const mailed = await admitAttempt(app, [bucket(`mailed ${normalised(email)}`, times(reset, MAILS_FACTOR))], now);
      if (mailed.admitted) await settleAttempt(app, mailed.ids, true);
      return mailed.admitted;
    },

    async membersMail(userId, now) {
      const admission = await admitAttempt(app, [bucket(`member ${userId}`, reset)], now);
      if (!admission.admitted) throw tooMany(admission.waitS);
      await settleAttempt(app, admission.ids, true);
    },
  };
}

/** An address in any spelling of its letters; cut, because strangers choose how long it is. */
function normalised(email: string): string {
  return email.trim().toLowerCase().slice(0, 320);
}

/** A hash of what is counted: the table names nobody. */
function bucket(what: string, { count, windowS }: Limit): Bucket {
  return { key: createHash('sha256').update(what).digest().subarray(0, 16), count, windowS };
}

function times({ count, windowS }: Limit, factor: number): Limit {
  return { count: count * factor, windowS };
}

function tooMany(waitS: number): TooMany {
  return new TooMany('Too many attempts. Please wait a little.', Math.max(1, Math.ceil(waitS)));
}
