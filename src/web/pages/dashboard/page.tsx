import type { JSX } from 'preact';
import { Name } from '../../components/figure.tsx';
import { Icon } from '../../components/icon.tsx';
import { LivePart, LiveRegion } from '../../components/live-region.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { PeriodChartPanels } from '../../components/period-charts.tsx';
import { PeriodControl } from '../../components/period-control.tsx';
import type { Frame } from '../../page-definition.ts';
import { periodQuery } from '../../period-query.ts';
import { type DashboardData, dashboardPath, dashboardShape } from './data.ts';
import { dashboardFragments } from './live.tsx';

export function DashboardPage(data: DashboardData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const { inverter, logger, charts } = data;
  const { id } = inverter;
  const path = dashboardPath(id);
  const parts = dashboardFragments(data);
  return (
    <LiveRegion
      topic={`dashboard:${id}`}
      shape={dashboardShape(data)}
      query={charts === null ? '' : periodQuery(charts.period.choice)}
    >
      <PageHead back={{ href: '/', words: t.dashboard.back }} title={<Name>{inverter.name}</Name>}>
        <LivePart name="state">{parts['state']}</LivePart>
      </PageHead>
      <LivePart name="statistics">{parts['statistics']}</LivePart>
      {charts === null ? null : (
        <div class="mt-6">
          <PeriodControl period={charts.period} path={path} />
          <PeriodChartPanels charts={charts} path={path} />
        </div>
      )}
      {inverter.channels.length === 0 ? null : (
        <section class="mt-8">
          <div class="mb-3 flex flex-wrap items-center justify-between gap-2">
            <h2 class="font-bold text-lg">{t.dashboard.inputs}</h2>
            <a href={`/dc-channels/${id}`} class="quiet-button">
              <Icon name="panels" class="size-4" />
              {t.dashboard.toInputs}
            </a>
          </div>
          <LivePart name="inputs">{parts['inputs']}</LivePart>
        </section>
      )}
      <section class="panel mt-3 md:mt-4">
        <div class="mb-3 flex flex-wrap items-center justify-between gap-2">
          <h2 class="font-bold text-lg">{t.dashboard.facts}</h2>
          <a href={`/export/${id}`} class="quiet-button">
            <Icon name="download" class="size-4" />
            {t.dashboard.toExport}
          </a>
        </div>
        <LivePart name="facts">{parts['facts']}</LivePart>
      </section>
      {logger === null ? null : (
        <section class="panel mt-3 md:mt-4">
          <h2 class="mb-3 font-bold text-lg">{t.dashboard.logger.title}</h2>
          <LivePart name="logger">{parts['logger']}</LivePart>
        </section>
      )}
    </LiveRegion>
  );
}
