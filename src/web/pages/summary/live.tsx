import type { ComponentChildren, JSX } from 'preact';
import { hasCurrentPower, summaryOf } from '../../../services/account-summary.ts';
import { periodFragments } from '../../components/period-charts.tsx';
import { StateChip } from '../../components/state-chip.tsx';
import { Statistics } from '../../components/statistics.tsx';
import { SUMMARY_PATH } from '../../paths.ts';
import { useView } from '../../view.ts';
import type { SummaryData } from './data.ts';

/** What changes while the page of all inverters is open. */
export function summaryFragments(data: SummaryData): Record<string, ComponentChildren> {
  const { state } = summaryOf(data.inverters);
  return {
    state: <StateChip state={state} />,
    statistics: <Figures data={data} />,
    ...(data.charts === null ? {} : periodFragments(data.charts, SUMMARY_PATH)),
  };
}

function Figures({ data }: { data: SummaryData }): JSX.Element {
  const { t } = useView();
  const { inverters, maxPowerTodayW, avgPowerLastHourW, disbelieved, timeZone } = data;
  const summary = summaryOf(inverters);
  const { powerW, sampledAt, energyTodayWh, powerMissing, energyMissing, inverterCount } = summary;
  const todayHints = [
    energyTodayWh !== null && energyMissing > 0 ? t.overview.todayPartly(energyMissing) : null,
    disbelieved === 0 ? null : t.chart.disbelievedIn(disbelieved),
  ].filter((hint) => hint !== null);
  return (
    <Statistics
      powerW={powerW}
      sampledAt={sampledAt}
      isCurrent={powerW !== null}
      staleAfterS={Math.max(0, ...inverters.filter(hasCurrentPower).map(({ staleAfterS }) => staleAfterS))}
      maxPowerTodayW={maxPowerTodayW}
      energyTodayWh={energyTodayWh}
      avgPowerLastHourW={avgPowerLastHourW}
      timeZone={timeZone}
      nowHint={powerMissing > 0 ? t.overview.notCounted(powerMissing, inverterCount) : undefined}
      todayHint={todayHints.length === 0 ? undefined : todayHints.join(', ')}
    />
  );
}
