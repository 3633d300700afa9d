import type { Tx } from '../db/as-tenant.ts';
import type { DeviceKind, UserId } from '../domain/inverter.ts';

/** What comes in from one kind of device. */
export interface SourceRow {
  kind: DeviceKind;
  inverters: number;
  /** Loggers that are not proven yet. */
  waiting: number;
  heardQuarterHour: number;
  heardDay: number;
  lastReceivedAt: Date | null;
  /** Half of those heard lately are slower than this from measuring to arriving; null when none was heard. */
  medianLagS: number | null;
  /** Samples measured in the last four full quarter hours; null where nothing was heard within them. */
  samplesHour: number | null;
}

export async function adminSources(tx: Tx, now: Date): Promise<SourceRow[]> {
  const { rows } = await tx.query<SourceRow>(
    `SELECT kind, inverters, waiting, heard_quarter_hour AS "heardQuarterHour", heard_day AS "heardDay",
            last_received_at AS "lastReceivedAt", median_lag_s AS "medianLagS", samples_hour AS "samplesHour"
     FROM api.admin_sources($1)`,
    [now],
  );
  return rows;
}

/** Counts by name: see `api.admin_counts`. */
export async function adminCounts(tx: Tx, now: Date): Promise<Map<string, number>> {
  const { rows } = await tx.query<{ what: string; n: number }>('SELECT what, n FROM api.admin_counts($1)', [now]);
  return new Map(rows.map(({ what, n }) => [what, n]));
}

export interface ProcessRow {
  id: string;
  roles: string[];
  host: string;
  startedAt: Date;
  beatAt: Date;
  /** What it told last; whatever an older version tells. */
  figures: Record<string, unknown>;
}

export async function adminProcesses(tx: Tx, now: Date): Promise<ProcessRow[]> {
  const { rows } = await tx.query<ProcessRow>(
    `SELECT id, roles, host, started_at AS "startedAt", beat_at AS "beatAt", figures FROM api.admin_processes($1)`,
    [now],
  );
  return rows;
}

export interface JobRow {
  job: string;
  everyS: number;
  startedAt: Date;
  finishedAt: Date;
  /** Null: the last run went well. */
  error: string | null;
  /** In a row. */
  failedRuns: number;
}

export async function adminJobs(tx: Tx): Promise<JobRow[]> {
  const { rows } = await tx.query<JobRow>(
    `SELECT job, every_s AS "everyS", started_at AS "startedAt", finished_at AS "finishedAt", error, failed_runs AS "failedRuns"
     FROM api.admin_jobs()`,
  );
  return rows;
}

/** Durable work of one kind that is not done. */
export interface WorkRow {
  kind: string;
  waiting: number;
  oldest: Date;
  attempts: number;
}

export async function adminWork(tx: Tx): Promise<WorkRow[]> {
  return (await tx.query<WorkRow>('SELECT kind, waiting, oldest, attempts FROM api.admin_work()')).rows;
}

export const MAIL_STATES = ['waiting', 'failed', 'sent'] as const;
export type MailState = (typeof MAIL_STATES)[number];

/** A mail of the outbox, without its words. */
export interface MailRow {
  id: number;
  userId: UserId | null;
  /** The account's present address; null when it belongs to none. */
  email: string | null;
  kind: string;
  state: MailState;
  createdAt: Date;
  runAfter: Date;
  attempts: number;
  lastError: string | null;
  sentAt: Date | null;
}

export async function adminMails(
  tx: Tx,
  { state, before, atMost }: { state: MailState | null; before: number | null; atMost: number },
): Promise<MailRow[]> {
  const { rows } = await tx.query<MailRow>(
    `SELECT id, user_id AS "userId", email, kind, state, created_at AS "createdAt", run_after AS "runAfter", attempts,
            last_error AS "lastError", sent_at AS "sentAt"
     FROM api.admin_mails($1, $2, $3)`,
    [state, before, atMost],
  );
  return rows;
}

/** @returns false when it does not wait (any more) */
export async function adminRetryMail(tx: Tx, mailId: number, now: Date, address: string): Promise<boolean> {
  const { rows } = await tx.query<{ done: boolean }>('SELECT api.admin_retry_mail($1, $2, $3) AS done', [
    mailId,
    now,
    address,
  ]);
  return rows[0]?.done === true;
}

/** Something that was done: who, whom it concerns, what, when, from where. */
export interface AuditRow {
  id: number;
  at: Date;
  /** Null: nobody signed in, or the command line. */
  actorId: UserId | null;
  /** Null also where the account is gone. */
  actorEmail: string | null;
  userId: UserId | null;
  userEmail: string | null;
  action: string;
  detail: Record<string, unknown>;
  /** Null: not known, or past its time. */
  address: string | null;
}

export interface AuditFilter {
  /** An account's number or address; empty for all. */
  who: string;
  /** How the action begins; empty for all. */
  act: string;
  since: Date | null;
  until: Date | null;
  before: number | null;
  atMost: number;
}

export async function adminAudit(tx: Tx, filter: AuditFilter): Promise<AuditRow[]> {
  const { rows } = await tx.query<AuditRow>(
    `SELECT id, at, actor_id AS "actorId", actor_email AS "actorEmail", user_id AS "userId", user_email AS "userEmail", action,
            detail, address
     FROM api.admin_audit($1, $2, $3, $4, $5, $6)`,
    [filter.who, filter.act, filter.since, filter.until, filter.before, filter.atMost],
  );
  return rows;
}
