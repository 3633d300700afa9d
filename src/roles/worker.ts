import { join } from 'node:path';
import { detectEngine } from '../db/engines/engine.ts';
import type { MailTransport } from '../mail/message.ts';
import { outboxTransport } from '../mail/outbox.ts';
import { smtpTransport } from '../mail/smtp.ts';
import { jobsOn } from '../worker/jobs/index.ts';
import { sendMail } from '../worker/jobs/send-mail.ts';
import { Scheduler } from '../worker/scheduler.ts';
import type { RunningRole, Shared } from './role.ts';

/** Maintenance: partitions, packing, retention, purges; and mails. */
export async function startWorker(shared: Shared): Promise<RunningRole> {
  const scheduler = new Scheduler(shared.database, shared.config, shared.log.child({ part: 'worker' }));
  const engine = await shared.database.owner(detectEngine);
  shared.metrics?.provide('deye_hard_jobs_failing', () => [[scheduler.failing.size]]);
  scheduler.start([...jobsOn(engine), sendMail(mailTransport(shared))]);
  return {
    name: 'worker',
    address: null,
    problem: () => (scheduler.failing.size === 0 ? '' : `failing: ${[...scheduler.failing.keys()].join(', ')}`),
    stop: () => scheduler.stop(),
  };
}

function mailTransport({ config, log }: Shared): MailTransport {
  const { smtp, from } = config.mail;
  if (smtp !== null) return smtpTransport(smtp, from);
  return outboxTransport(join(config.dataDir, 'outbox'), from, log.child({ part: 'mail' }));
}
