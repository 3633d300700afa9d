import type { JSX } from 'preact';
import { Icon } from '../../components/icon.tsx';
import { LivePart, LiveRegion } from '../../components/live-region.tsx';
import { BeginGuide } from '../../guide/begin.tsx';
import type { Frame } from '../../page-definition.ts';
import { SUMMARY_PATH } from '../../paths.ts';
import type { OverviewData } from './data.ts';
import { overviewFragments } from './live.tsx';

/** Now, today, is it all right; then the day, then each inverter. */
export function OverviewPage(data: OverviewData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  if (data.curve === null) {
    return (
      <LiveRegion topic="overview" shape="empty">
        <BeginGuide frame={frame} kind={null} isWelcome />
      </LiveRegion>
    );
  }
  const parts = overviewFragments(data);
  return (
    <LiveRegion topic="overview" shape="filled">
      <div class="mb-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-2 md:mb-6">
        <h1 class="font-bold text-2xl md:text-3xl">{t.overview.title}</h1>
        <LivePart name="verdict">{parts['verdict']}</LivePart>
      </div>
      <section class="panel" aria-label={t.overview.dayCurve}>
        <div class="flex flex-wrap items-start justify-between gap-x-4 gap-y-6">
          <div class="min-w-min flex-[1_1_8rem]">
            <h2 class="eyebrow mb-2">{t.overview.now}</h2>
            <LivePart name="now">{parts['now']}</LivePart>
          </div>
          <div class="sm:text-right">
            <h2 class="eyebrow mb-2">{t.overview.today}</h2>
            <LivePart name="today">{parts['today']}</LivePart>
          </div>
        </div>
        <LivePart name="curve" class="mt-8">
          {parts['curve']}
        </LivePart>
        <p class="mt-4">
          <a href={SUMMARY_PATH} class="quiet-button">
            {t.overview.allPeriods}
            <Icon name="next" class="size-4" />
          </a>
        </p>
      </section>
      <h2 class="mt-8 mb-3 font-bold text-xl">{t.overview.inverters}</h2>
      <LivePart name="inverters">{parts['inverters']}</LivePart>
      <section class="panel mt-3 md:mt-4">
        <h2 class="mb-1 font-bold text-lg">{t.overview.month}</h2>
        <LivePart name="month">{parts['month']}</LivePart>
      </section>
    </LiveRegion>
  );
}
