import { jobs } from '../worker/jobs/index.ts';
import { Scheduler } from '../worker/scheduler.ts';
import type { RunningRole, Shared } from './role.ts';

/** Maintenance: partitions, packing, retention, purges. */
export async function startWorker(shared: Shared): Promise<RunningRole> {
  const scheduler = new Scheduler(shared.database, shared.config, shared.log.child({ part: 'worker' }));
  scheduler.start(jobs);
  return {
    name: 'worker',
    address: null,
    problem: () => (scheduler.failing.size === 0 ? '' : `failing: ${[...scheduler.failing.keys()].join(', ')}`),
    stop: () => scheduler.stop(),
  };
}
