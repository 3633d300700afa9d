import type { Tx } from '../db/as-tenant.ts';
import { inTransactionOn } from '../db/as-tenant.ts';
import type { UserId } from '../domain/inverter.ts';
import type { OwnerClient } from './owner-accounts.ts';

/** Puts a mail into the outbox, in the transaction of what it tells of: neither without the other. */
export async function queueMail(
  tx: Tx,
  mail: { userId: UserId | null; kind: string; sealed: string },
  now: Date,
): Promise<void> {
  await tx.query('SELECT api.queue_mail($1, $2, $3, $4)', [mail.userId, mail.kind, mail.sealed, now]);
}

export interface DueMail {
  id: number;
  userId: UserId | null;
  kind: string;
  sealed: string;
  createdAt: Date;
  /** How often it was tried before. */
  attempts: number;
}

/** What became of a try. `again`: not before then. */
export type MailOutcome = { sent: true } | { sent: false; error: string; again: Date | null };

/**
 * Hands out the mail that has waited longest, if one is due, and notes what became of it. The row stays locked meanwhile, so that no
 * other process sends it too; a process that dies sends it again rather than never.
 * @returns what became of it; null when none is due
 */
export function withDueMail(
  owner: OwnerClient,
  now: Date,
  send: (mail: DueMail) => Promise<MailOutcome>,
): Promise<MailOutcome | null> {
  return inTransactionOn(owner, async (tx) => {
    const { rows } = await tx.query<DueMail>(
      `SELECT id, user_id AS "userId", kind, message AS sealed, created_at AS "createdAt", attempts
       FROM store.mail WHERE message IS NOT NULL AND run_after <= $1
       ORDER BY run_after, id LIMIT 1 FOR UPDATE SKIP LOCKED`,
      [now],
    );
    const mail = rows[0];
    if (mail === undefined) return null;
    const outcome = await send(mail);
    const again = outcome.sent ? null : outcome.again;
    await tx.query(
      `UPDATE store.mail SET attempts = attempts + 1, last_error = $2, run_after = coalesce($3, run_after),
              message = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE message END, sent_at = $4
       WHERE id = $1`,
      [mail.id, outcome.sent ? null : outcome.error, again, outcome.sent ? now : null],
    );
    return outcome;
  });
}
