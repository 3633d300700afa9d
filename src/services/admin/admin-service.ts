import type { UserId } from '../../domain/inverter.ts';
import type { AccountAct, AdminAccountRow } from '../../store/admin-accounts.ts';
import type { AdminGatewayRow, AdminInverterRow, StrangerRow } from '../../store/admin-devices.ts';
import type {
  AuditFilter,
  AuditRow,
  JobRow,
  MailRow,
  MailState,
  SourceRow,
  WorkRow,
} from '../../store/admin-operation.ts';
import type { Visitor } from '../accounts/account-services.ts';
import type { ProcessFigures } from '../process-figures.ts';
import type { SessionUser } from '../services.ts';

/** A part of a list, and where the next begins; null on the last. */
export interface Part<T> {
  items: T[];
  next: number | null;
}

/** Which part: what is looked for (empty for all), and the `next` of the part before. */
export interface Wanted {
  search: string;
  from: number | null;
}

export interface AdminProcess {
  roles: string[];
  host: string;
  startedAt: Date;
  beatAt: Date;
  /** Null: it tells none. */
  figures: ProcessFigures | null;
}

/** How it goes, over all processes: from the database, and never from this process alone. */
export interface AdminOverview {
  sources: SourceRow[];
  processes: AdminProcess[];
  /** Within a day, or waiting: by name, as `api.admin_counts` says. */
  counts: Map<string, number>;
}

export interface AdminJob extends JobRow {
  /** When its next turn is, if whoever ran it last still runs. */
  nextAt: Date;
}

/**
 * What an administrator sees and does. Nothing of it shows what anybody's inverter measured: there is no way to that here.
 * Each demands an account that is an administrator at this moment and has its second factor, where one is demanded.
 * @throws NotAllowed from each of them when it is not so
 */
export interface AdminService {
  overview(actor: SessionUser, now: Date): Promise<AdminOverview>;
  accounts(actor: SessionUser, wanted: Wanted): Promise<Part<AdminAccountRow>>;
  /** @throws NotFound */
  account(actor: SessionUser, userId: UserId): Promise<AdminAccountRow>;
  /** At once: sessions end and their streams close. @throws NotFound, Conflict with `details.reason` `self` or `last` */
  act(actor: SessionUser, userId: UserId, act: AccountAct, visitor: Visitor, now: Date): Promise<void>;
  /** Mails a link to choose a new password. @throws NotFound also for one that is disabled, TooMany */
  startReset(actor: SessionUser, userId: UserId, visitor: Visitor, now: Date): Promise<void>;
  inverters(actor: SessionUser, wanted: Wanted): Promise<Part<AdminInverterRow>>;
  gateways(actor: SessionUser, wanted: Wanted): Promise<Part<AdminGatewayRow>>;
  strangers(actor: SessionUser, wanted: Wanted): Promise<Part<StrangerRow>>;
  /**
   * Gives a logger to an account; the administrator's word is the proof.
   * @throws InvalidInput (`email`: no such account, or disabled), Conflict (`serial`) when an account has it
   */
  assignLogger(
    actor: SessionUser,
    logger: { serial: string; email: string; name: string },
    visitor: Visitor,
    now: Date,
  ): Promise<void>;
  jobs(actor: SessionUser): Promise<{ jobs: AdminJob[]; work: WorkRow[] }>;
  mails(actor: SessionUser, state: MailState | null, from: number | null): Promise<Part<MailRow>>;
  /** @throws NotFound when it does not wait (any more) */
  retryMail(actor: SessionUser, mailId: number, visitor: Visitor, now: Date): Promise<void>;
  audit(
    actor: SessionUser,
    filter: Pick<AuditFilter, 'who' | 'act' | 'since' | 'until'> & { from: number | null },
  ): Promise<Part<AuditRow>>;
}
