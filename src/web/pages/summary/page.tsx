import type { JSX } from 'preact';
import { LivePart, LiveRegion } from '../../components/live-region.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { PeriodChartPanels } from '../../components/period-charts.tsx';
import { PeriodControl } from '../../components/period-control.tsx';
import type { Frame } from '../../page-definition.ts';
import { SUMMARY_PATH } from '../../paths.ts';
import { periodQuery } from '../../period-query.ts';
import { type SummaryData, summaryShape } from './data.ts';
import { summaryFragments } from './live.tsx';

export function SummaryPage(data: SummaryData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const { charts, inverters } = data;
  const parts = summaryFragments(data);
  return (
    <LiveRegion
      topic="summary"
      shape={summaryShape(data)}
      query={charts === null ? '' : periodQuery(charts.period.choice)}
    >
      <PageHead back={{ href: '/', words: t.dashboard.back }} title={t.summary.title(inverters.length)}>
        <LivePart name="state">{parts['state']}</LivePart>
      </PageHead>
      <LivePart name="statistics">{parts['statistics']}</LivePart>
      {charts === null ? null : (
        <div class="mt-6">
          <PeriodControl period={charts.period} path={SUMMARY_PATH} />
          <PeriodChartPanels charts={charts} path={SUMMARY_PATH} />
        </div>
      )}
    </LiveRegion>
  );
}
