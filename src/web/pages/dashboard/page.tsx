import type { JSX } from 'preact';
import { Name } from '../../components/figure.tsx';
import { Icon } from '../../components/icon.tsx';
import { LivePart, LiveRegion } from '../../components/live-region.tsx';
import type { Frame } from '../../page-definition.ts';
import type { DashboardData } from './data.ts';
import { dashboardFragments } from './live.tsx';

export function DashboardPage(data: DashboardData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const { inverter } = data;
  const parts = dashboardFragments(data);
  return (
    <LiveRegion topic={`dashboard:${inverter.id}`}>
      <a
        href="/"
        class="-ml-2 inline-flex items-center gap-1 rounded-full py-1 pr-3 pl-1 text-muted hover:text-base-content"
      >
        <Icon name="back" />
        {t.dashboard.back}
      </a>
      <div class="mt-1 mb-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-2 md:mb-6">
        <h1 class="min-w-0 font-bold text-2xl md:text-3xl">
          <Name>{inverter.name}</Name>
        </h1>
        <LivePart name="state">{parts['state']}</LivePart>
      </div>
      <LivePart name="statistics">{parts['statistics']}</LivePart>
      <section class="panel mt-3 md:mt-4">
        <h2 class="mb-5 font-bold text-lg">{t.dashboard.curve}</h2>
        <LivePart name="curve">{parts['curve']}</LivePart>
      </section>
      <LivePart name="inputs">{parts['inputs']}</LivePart>
      <section class="panel mt-3 md:mt-4">
        <h2 class="mb-3 font-bold text-lg">{t.dashboard.facts}</h2>
        <LivePart name="facts">{parts['facts']}</LivePart>
      </section>
    </LiveRegion>
  );
}
