import type { JSX } from 'preact';
import type { AdminJob } from '../../../services/admin/admin-service.ts';
import type { WorkRow } from '../../../store/admin-operation.ts';
import { AdminPage, Facts, Row, When, wordFor } from '../../admin/parts.tsx';
import type { Frame } from '../../page-definition.ts';

export interface JobsData {
  jobs: AdminJob[];
  work: WorkRow[];
}

/** A turn may be this late before it is called overdue: another process may have had it, and runs are noted once a minute. */
const LATE_MS = 120_000;

export function JobsPage({ jobs, work }: JobsData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const words = t.admin.jobs;
  return (
    <AdminPage part="jobs" lead={words.lead}>
      {jobs.length === 0 ? <p class="panel text-muted">{words.none}</p> : null}
      <ul class="flex flex-col gap-3">
        {jobs.map((job) => (
          <Row key={job.job}>
            <Job job={job} frame={frame} />
          </Row>
        ))}
      </ul>
      <section aria-labelledby="work" class="flex flex-col gap-3">
        <h2 id="work" class="font-bold text-lg">
          {words.work}
        </h2>
        {work.length === 0 ? <p class="panel text-muted">{words.noWork}</p> : null}
        <ul class="flex flex-col gap-3">
          {work.map(({ kind, waiting, oldest }) => (
            <Row key={kind}>
              <p class="name font-semibold" title={kind}>
                {wordFor(words.kinds, kind)}
              </p>
              <Facts>
                <span>{words.waits(waiting)}</span>
                <When label={words.oldest} at={oldest} frame={frame} />
              </Facts>
            </Row>
          ))}
        </ul>
      </section>
    </AdminPage>
  );
}

function Job({ job, frame }: { job: AdminJob; frame: Frame }): JSX.Element {
  const { t, fmt } = frame.language;
  const words = t.admin.jobs;
  const { timeZone } = frame.config;
  const isLate = frame.now.getTime() - job.nextAt.getTime() > LATE_MS;
  const tookS = (job.finishedAt.getTime() - job.startedAt.getTime()) / 1000;
  return (
    <>
      <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-1">
        <p class="name min-w-0 font-semibold" title={job.job}>
          {wordFor(words.names, job.job)}
        </p>
        <p class="flex flex-wrap gap-2">
          {isLate ? <span class="chip chip-problem">{words.overdue}</span> : null}
          <span class={`chip ${job.error === null ? 'chip-good' : 'chip-problem'}`}>
            {job.error === null ? words.well : words.failed(job.failedRuns)}
          </span>
        </p>
      </div>
      {job.error === null ? null : <p class="name mt-1 text-error">{job.error}</p>}
      <Facts>
        <When label={words.last} at={job.finishedAt} frame={frame} />
        <span>
          {words.tookS} {fmt.quantity(tookS, 's', 1)}
        </span>
        <span>
          {words.every} {fmt.quantity(...inWholeUnits(job.everyS), 0)}
        </span>
        <span>
          {words.nextRun} {fmt.dateTime(job.nextAt, timeZone)}
        </span>
      </Facts>
    </>
  );
}

/** `3600` is an hour; what is not a whole number of minutes stays in seconds. */
function inWholeUnits(seconds: number): [value: number, unit: string] {
  if (seconds % 3600 === 0) return [seconds / 3600, 'h'];
  return seconds % 60 === 0 ? [seconds / 60, 'min'] : [seconds, 's'];
}
