import type { JSX } from 'preact';
import type { AdminOverview, AdminProcess } from '../../../services/admin/admin-service.ts';
import { AdminPage, Count, Facts, When, wordFor } from '../../admin/parts.tsx';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import type { Frame } from '../../page-definition.ts';

/** A heartbeat older than this is a process that no longer says anything. */
const SILENT_MS = 60_000;

/** Counts that stand by themselves, and where more is to be seen. */
const COUNTS = {
  accounts: ADMIN_PATHS.users,
  loggers: ADMIN_PATHS.loggers,
  'pending-devices': undefined,
  'late-samples': undefined,
  'mails-waiting': `${ADMIN_PATHS.mails}?state=waiting`,
  'mails-failed': `${ADMIN_PATHS.mails}?state=failed`,
  'jobs-failing': ADMIN_PATHS.jobs,
} as const;

export function AdminOverviewPage({ sources, processes, counts }: AdminOverview, frame: Frame): JSX.Element {
  const { t, fmt } = frame.language;
  const known = (count: number | undefined): string => (count === undefined ? '–' : fmt.number(count));
  const noticed = [...counts].filter(([name, count]) => count > 0 && !Object.hasOwn(COUNTS, name));
  return (
    <AdminPage part="overview" lead={t.admin.lead}>
      <Section id="sources" title={t.admin.overview.sources}>
        {sources.length === 0 ? <p class="panel text-muted">{t.admin.overview.noSources}</p> : null}
        <div class="grid gap-3 lg:grid-cols-2">
          {sources.map((source) => (
            <section key={source.kind} class="panel" aria-label={t.kind[source.kind]}>
              <h3 class="mb-3 font-semibold">{t.kind[source.kind]}</h3>
              <dl class="grid grid-cols-2 gap-3 sm:grid-cols-3">
                <Count value={fmt.number(source.inverters)} label={t.admin.overview.inverters} />
                <Count value={fmt.number(source.heardQuarterHour)} label={t.admin.overview.heard} />
                <Count value={fmt.number(source.heardDay)} label={t.admin.overview.heardDay} />
                <Count
                  value={source.medianLagS === null ? '–' : fmt.quantity(source.medianLagS, 's', 1)}
                  label={t.admin.overview.lag}
                />
                <Count
                  value={source.samplesHour === null ? '–' : fmt.number(source.samplesHour)}
                  label={t.admin.overview.samples}
                />
                {source.waiting === 0 ? null : (
                  <Count value={fmt.number(source.waiting)} label={t.admin.overview.waiting} />
                )}
              </dl>
              <Facts>
                <When label={t.admin.overview.newest} at={source.lastReceivedAt} frame={frame} />
              </Facts>
            </section>
          ))}
        </div>
      </Section>

      <Section id="noticed" title={t.admin.overview.noticed}>
        {noticed.length === 0 ? (
          <p class="panel text-muted">{t.admin.overview.nothingNoticed}</p>
        ) : (
          <Reasons counts={Object.fromEntries(noticed)} frame={frame} />
        )}
      </Section>

      <Section id="open" title={t.admin.overview.open}>
        <dl class="panel grid grid-cols-2 gap-4 sm:grid-cols-4">
          {(Object.keys(COUNTS) as (keyof typeof COUNTS)[]).map((name) => (
            <Count
              key={name}
              value={known(counts.get(name))}
              label={t.admin.overview.counts[name]}
              href={COUNTS[name]}
            />
          ))}
        </dl>
      </Section>

      <Section id="processes" title={t.admin.overview.processes} hint={t.admin.overview.processesHint}>
        <ul class="grid gap-3 lg:grid-cols-2">
          {processes.map((process) => (
            <li key={`${process.host} ${process.startedAt.getTime()}`} class="panel min-w-0">
              <Process process={process} frame={frame} />
            </li>
          ))}
        </ul>
      </Section>
    </AdminPage>
  );
}

function Section({
  id,
  title,
  hint,
  children,
}: {
  id: string;
  title: string;
  hint?: string;
  children: (JSX.Element | null)[] | JSX.Element;
}): JSX.Element {
  return (
    <section aria-labelledby={id} class="flex flex-col gap-3">
      <div>
        <h2 id={id} class="font-bold text-lg">
          {title}
        </h2>
        {hint === undefined ? null : <p class="text-muted text-sm">{hint}</p>}
      </div>
      {children}
    </section>
  );
}

function Process({ process, frame }: { process: AdminProcess; frame: Frame }): JSX.Element {
  const { t, fmt } = frame.language;
  const { host, roles, startedAt, beatAt, figures } = process;
  const isSilent = frame.now.getTime() - beatAt.getTime() > SILENT_MS;
  return (
    <>
      <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-1">
        <h3 class="name min-w-0 font-semibold">
          {roles.join(', ')} · {host}
        </h3>
        {isSilent ? <span class="chip chip-problem">{t.admin.overview.silent}</span> : null}
      </div>
      <Facts>
        <span>
          {t.admin.overview.since} {fmt.dateTime(startedAt, frame.config.timeZone)}
        </span>
        <When label={t.admin.overview.beat} at={beatAt} frame={frame} />
      </Facts>
      {figures === null ? (
        <p class="mt-3 text-muted">{t.admin.overview.noFigures}</p>
      ) : (
        <>
          <dl class="mt-3 grid grid-cols-2 gap-3 sm:grid-cols-3">
            <Count
              value={figures.samplesPerMinute === null ? '–' : fmt.number(figures.samplesPerMinute)}
              label={t.admin.overview.rate}
            />
            <Count value={fmt.number(figures.queued)} label={t.admin.overview.queued} />
            {figures.connections === null ? null : (
              <Count value={fmt.number(figures.connections)} label={t.admin.overview.connections} />
            )}
          </dl>
          <h4 class="mt-3 mb-1 font-semibold text-sm">{t.admin.overview.rejects}</h4>
          {Object.keys(figures.rejects).length === 0 ? (
            <p class="text-muted text-sm">{t.admin.overview.noRejects}</p>
          ) : (
            <Reasons counts={figures.rejects} frame={frame} plain />
          )}
        </>
      )}
    </>
  );
}

function Reasons({
  counts,
  frame,
  plain = false,
}: {
  counts: Readonly<Record<string, number>>;
  frame: Frame;
  plain?: boolean;
}): JSX.Element {
  const { t, fmt } = frame.language;
  return (
    <dl class={plain ? 'text-sm' : 'panel'}>
      {Object.entries(counts).map(([name, count]) => (
        <div key={name} class="flex justify-between gap-4 py-0.5">
          <dt class="name min-w-0">{wordFor(t.admin.reasons, name)}</dt>
          <dd class="font-semibold tabular-nums">{fmt.number(count)}</dd>
        </div>
      ))}
    </dl>
  );
}
