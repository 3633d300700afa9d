import { join } from 'node:path';
import { detectEngine } from '../db/engines/engine.ts';
import type { MailTransport } from '../mail/message.ts';
import { outboxTransport } from '../mail/outbox.ts';
import { smtpTransport } from '../mail/smtp.ts';
import { createExportService } from '../services/exports.ts';
import { createInverterService } from '../services/inverters.ts';
import { createStatisticsService } from '../services/statistics.ts';
import type { TakeoutSources } from '../services/takeout/contents.ts';
import { isOnlyAccount } from '../store/processes.ts';
import { jobsOn } from '../worker/jobs/index.ts';
import { makeTakeouts } from '../worker/jobs/make-takeouts.ts';
import { sendMail } from '../worker/jobs/send-mail.ts';
import { Scheduler } from '../worker/scheduler.ts';
import type { RunningRole, Shared } from './role.ts';

/** Maintenance: partitions, packing, retention, purges; and mails. */
export async function startWorker(shared: Shared): Promise<RunningRole> {
  const scheduler = new Scheduler(shared.database, shared.config, shared.log.child({ part: 'worker' }));
  const engine = await shared.database.owner(detectEngine);
  shared.metrics?.provide('deye_hard_jobs_failing', () => [[scheduler.failing.size]]);
  scheduler.start([...jobsOn(engine), sendMail(mailTransport(shared)), makeTakeouts(takeoutSources(shared))]);
  return {
    name: 'worker',
    address: null,
    problem: () => (scheduler.failing.size === 0 ? '' : `failing: ${[...scheduler.failing.keys()].join(', ')}`),
    stop: () => scheduler.stop(),
  };
}

function takeoutSources({ pools: { app: pool } }: Shared): TakeoutSources {
  const inverters = createInverterService(pool, { isOnlyAccount: () => isOnlyAccount(pool) });
  const statistics = createStatisticsService(pool);
  return { pool, inverters, exports: createExportService(pool, { inverters, statistics }) };
}

function mailTransport({ config, log }: Shared): MailTransport {
  const { smtp, from } = config.mail;
  if (smtp !== null) return smtpTransport(smtp, from);
  return outboxTransport(join(config.dataDir, 'outbox'), from, log.child({ part: 'mail' }));
}
