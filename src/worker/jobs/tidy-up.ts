import { dropDecoded } from '../../store/decoded-frames.ts';
import type { Job } from '../job.ts';

/** What is kept for a time only (storage design, "Kept"), and what a replay can no longer begin from. */
const SHORT_LIVED: readonly { what: string; delete: string }[] = [
  {
    what: 'ended sessions',
    delete: `FROM api.session WHERE least(ended_at, expires_at) < $1::timestamptz - interval '30 days'`,
  },
  {
    what: 'unclaimed loggers',
    delete: `FROM store.unclaimed_logger WHERE last_seen_at < $1::timestamptz - interval '30 days'`,
  },
  {
    what: 'TLS attempts',
    delete: `FROM store.tls_attempt WHERE last_seen_at < $1::timestamptz - interval '30 days'`,
  },
  { what: 'visits', delete: `FROM api.visit WHERE seen_at < $1::timestamptz - interval '1 day'` },
  {
    what: 'pending devices',
    delete: `FROM api.pending_device WHERE last_seen_at < $1::timestamptz - interval '30 days'`,
  },
  {
    what: 'readings of pending devices',
    delete: `FROM api.pending_reading WHERE received_at < $1::timestamptz - interval '48 hours'`,
  },
  { what: 'finished jobs', delete: `FROM store.job WHERE done_at < $1::timestamptz - interval '30 days'` },
  {
    what: 'mails that were sent or given up',
    delete: `FROM store.mail WHERE message IS NULL AND coalesce(sent_at, created_at) < $1::timestamptz - interval '30 days'`,
  },
  {
    what: 'mails nobody took',
    delete: `FROM store.mail WHERE created_at < $1::timestamptz - interval '7 days' AND sent_at IS NULL`,
  },
  { what: 'archives of accounts', delete: 'FROM api.takeout WHERE expires_at < $1::timestamptz' },
  { what: 'links in mails', delete: `FROM store.account_token WHERE expires_at < $1::timestamptz - interval '7 days'` },
  { what: 'attempts', delete: `FROM store.attempt WHERE at < $1::timestamptz - interval '1 day'` },
  { what: 'audit entries', delete: `FROM api.audit_log WHERE at < $1::timestamptz - interval '365 days'` },
  { what: 'quality events', delete: `FROM api.quality_event WHERE noted_at < $1::timestamptz - interval '730 days'` },
];

const DAY_MS = 86_400_000;

export const tidyUp: Job = {
  name: 'tidy-up',
  everyS: 3_600,
  async run({ database, settings, log, now }) {
    await database.owner(async (client) => {
      for (const { what, delete: from } of SHORT_LIVED) {
        const { rowCount } = await client.query(`DELETE ${from}`, [now]);
        if ((rowCount ?? 0) > 0) log.info({ what, rows: rowCount }, 'past their time, removed');
      }
      // None at all where it was switched off: samples may lie a little ahead.
      const days = settings.rawFrameDays ?? 0;
      const frames = await dropDecoded(client, new Date(now.getTime() - (days === 0 ? -1 : days) * DAY_MS));
      if (frames > 0) log.info({ what: 'decoded frames', rows: frames }, 'past their time, removed');
      // What was done stays known for a year, from where it was done only for a month.
      await client.query(
        `UPDATE api.audit_log SET address = NULL WHERE address IS NOT NULL AND at < $1::timestamptz - interval '30 days'`,
        [now],
      );
      await client.query('DELETE FROM store.fold_day WHERE day < $1::timestamptz - make_interval(days => $2)', [
        now,
        settings.retentionDays,
      ]);
    });
  },
};
