import type { Tx } from '../../db/as-tenant.ts';
import type { DbPool } from '../../db/pools.ts';
import { Conflict, InvalidInput, NotAllowed, NotFound } from '../../domain/errors.ts';
import { normaliseSerial } from '../../domain/inverter.ts';
import { adminAccounts, adminAct, adminStartReset, asAdmin } from '../../store/admin-accounts.ts';
import { adminAssignLogger, adminGateways, adminInverters, adminStrangers } from '../../store/admin-devices.ts';
import {
  adminAudit,
  adminCounts,
  adminJobs,
  adminMails,
  adminProcesses,
  adminRetryMail,
  adminSources,
  adminWork,
} from '../../store/admin-operation.ts';
import type { TwoFactorService } from '../accounts/account-services.ts';
import type { AccountLimits } from '../accounts/limits.ts';
import type { Post } from '../accounts/post.ts';
import { TOKEN_HOURS, tokenFor } from '../accounts/registration.ts';
import { validName } from '../names.ts';
import { processFigures } from '../process-figures.ts';
import type { SessionUser } from '../services.ts';
import type { AdminService, Part, Wanted } from './admin-service.ts';

/** Rows of a list on one page. */
const A_PAGE = 50;

export interface AdminOptions {
  /** The connections of the login for administration. */
  admin: DbPool;
  post: Post;
  limits: Pick<AccountLimits, 'membersMail'>;
  twoFactor: Pick<TwoFactorService, 'isDue'>;
}

export function createAdminService({ admin, post, limits, twoFactor }: AdminOptions): AdminService {
  /** The database looks whether it is an administrator; that the second factor is there is looked at here. */
  async function as<T>(actor: SessionUser, work: (tx: Tx) => Promise<T>): Promise<T> {
    if (await twoFactor.isDue(actor)) throw new NotAllowed('Administrators need two-factor sign-in.');
    return asAdmin(admin, actor.id, work);
  }

  return {
    overview: (actor, now) =>
      as(actor, async (tx) => {
        const sources = await adminSources(tx, now);
        const processes = await adminProcesses(tx, now);
        const counts = await adminCounts(tx, now);
        return { sources, counts, processes: processes.map((p) => ({ ...p, figures: processFigures(p.figures) })) };
      }),

    accounts: (actor, { search, from }) =>
      as(actor, async (tx) =>
        byId(await adminAccounts(tx, { search: search.trim(), before: from, atMost: A_PAGE + 1 })),
      ),

    account: (actor, userId) =>
      as(actor, async (tx) => {
        const [account] = await adminAccounts(tx, { only: userId, atMost: 1 });
        if (account === undefined) throw noAccount(userId);
        return account;
      }),

    async act(actor, userId, act, { client }, now) {
      const outcome = await as(actor, (tx) => adminAct(tx, userId, act, now, client.address));
      if (outcome === 'missing') throw noAccount(userId);
      if (outcome === 'self' || outcome === 'last') {
        throw new Conflict('There must be an administrator who can sign in.', { details: { reason: outcome } });
      }
    },

    async startReset(actor, userId, { client, locale }, now) {
      // As strict as with members themselves: nobody's mailbox is filled.
      await limits.membersMail(userId, now);
      const { token, issued } = tokenFor('reset', now);
      await as(actor, async (tx) => {
        const account = await adminStartReset(tx, userId, issued, client.address);
        if (account === null) throw noAccount(userId);
        const letter = { to: account.email, locale: account.locale ?? locale, userId } as const;
        const link = { path: `/reset_password?token=${token}`, hours: TOKEN_HOURS.reset };
        await post.send(tx, { kind: 'reset', ...letter, ...link }, now);
      });
    },

    inverters: (actor, wanted) => as(actor, async (tx) => byId(await adminInverters(tx, pageOf(wanted)))),
    gateways: (actor, wanted) => as(actor, async (tx) => byId(await adminGateways(tx, pageOf(wanted)))),

    strangers: (actor, { search, from }) =>
      as(actor, async (tx) => {
        const skip = from ?? 0;
        const rows = await adminStrangers(tx, { search: search.trim(), skip, atMost: A_PAGE + 1 });
        return { items: rows.slice(0, A_PAGE), next: rows.length > A_PAGE ? skip + A_PAGE : null };
      }),

    async assignLogger(actor, logger, { client }, now) {
      const checked = {
        serial: normaliseSerial(logger.serial, 'solarman'),
        email: logger.email.trim(),
        name: validName(logger.name),
      };
      const taken = (cause?: unknown): Conflict =>
        new Conflict('An account has this logger already.', { cause, details: { fields: { serial: 'taken' } } });
      const outcome = await as(actor, (tx) => adminAssignLogger(tx, checked, now, client.address)).catch(
        (error: unknown) => {
          throw error instanceof Conflict ? taken(error) : error;
        },
      );
      if (outcome === 'has-it') throw taken();
      if (outcome === 'no-account') throw new InvalidInput('There is no such account.', { email: 'no account' });
    },

    jobs: (actor) =>
      as(actor, async (tx) => ({
        jobs: (await adminJobs(tx)).map((job) => ({
          ...job,
          nextAt: new Date(job.finishedAt.getTime() + job.everyS * 1000),
        })),
        work: await adminWork(tx),
      })),

    mails: (actor, state, from) =>
      as(actor, async (tx) => byId(await adminMails(tx, { state, before: from, atMost: A_PAGE + 1 }))),

    async retryMail(actor, mailId, { client }, now) {
      const done = await as(actor, (tx) => adminRetryMail(tx, mailId, now, client.address));
      if (!done) throw new NotFound(`There is no mail ${mailId} that waits.`);
    },

    audit: (actor, { who, act, since, until, from }) =>
      as(actor, async (tx) =>
        byId(await adminAudit(tx, { who: who.trim(), act, since, until, before: from, atMost: A_PAGE + 1 })),
      ),
  };
}

function noAccount(userId: number): NotFound {
  return new NotFound(`There is no account ${userId}.`);
}

function pageOf({ search, from }: Wanted): { search: string; before: number | null; atMost: number } {
  return { search: search.trim(), before: from, atMost: A_PAGE + 1 };
}

/** One more than a page was asked for, to know whether there is more. */
function byId<T extends { id: number }>(rows: T[]): Part<T> {
  const items = rows.slice(0, A_PAGE);
  return { items, next: rows.length > A_PAGE ? (items.at(-1)?.id ?? null) : null };
}
