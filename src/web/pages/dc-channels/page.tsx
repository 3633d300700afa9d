import type { JSX } from 'preact';
import { Name } from '../../components/figure.tsx';
import { LivePart, LiveRegion } from '../../components/live-region.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { ChartsRegion } from '../../components/period-charts.tsx';
import { PeriodControl, PeriodLink } from '../../components/period-control.tsx';
import type { Frame } from '../../page-definition.ts';
import { periodQuery } from '../../period-query.ts';
import { type Comparison, type DcChannelsData, dcChannelsPath, dcChannelsShape } from './data.ts';
import { dcChannelsFragments } from './live.tsx';
import { metricsOf } from './metrics.ts';

export function DcChannelsPage(data: DcChannelsData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const { inverter, comparison } = data;
  const { id, name } = inverter;
  const path = dcChannelsPath(id);
  const parts = dcChannelsFragments(data);
  const more = comparison === null ? {} : { metric: comparison.metric };
  return (
    <LiveRegion
      topic={`dc-channels:${id}`}
      shape={dcChannelsShape(data)}
      query={comparison === null ? '' : periodQuery(comparison.period.choice, more)}
    >
      <PageHead
        back={{ href: `/dashboard/${id}`, words: name }}
        title={
          <>
            {t.dashboard.inputs}{' '}
            <span class="font-normal text-muted">
              <Name>{name}</Name>
            </span>
          </>
        }
      >
        <LivePart name="state">{parts['state']}</LivePart>
      </PageHead>
      {inverter.channels.length === 0 ? <p class="panel text-muted">{t.inputs.none}</p> : null}
      <LivePart name="inputs">{parts['inputs']}</LivePart>
      {comparison === null ? null : (
        <div class="mt-6">
          <PeriodControl period={comparison.period} path={path} more={more} canCompare={false} />
          <ChartsRegion charts={comparison} path={path} more={more}>
            <section class="panel">
              <div class="mb-5 flex flex-wrap items-center justify-between gap-3">
                <h2 class="font-bold text-lg">{t.inputs.comparison}</h2>
                <MetricSwitch comparison={comparison} path={path} words={t.inputs} />
              </div>
              <LivePart name="comparison">{parts['comparison']}</LivePart>
            </section>
          </ChartsRegion>
        </div>
      )}
    </LiveRegion>
  );
}

function MetricSwitch({
  comparison: { period, metric },
  path,
  words,
}: {
  comparison: Comparison;
  path: string;
  words: Frame['language']['t']['inputs'];
}): JSX.Element {
  return (
    <ul aria-label={words.metric} class="pills w-full sm:w-auto">
      {metricsOf(period.choice.kind).map((one) => (
        <li key={one}>
          <PeriodLink
            id={`metric-${one}`}
            href={`${path}?${periodQuery(period.choice, { metric: one })}`}
            class="pill"
            isChosen={one === metric}
          >
            {words.metrics[one]}
          </PeriodLink>
        </li>
      ))}
    </ul>
  );
}
