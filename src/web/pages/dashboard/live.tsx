import type { ComponentChildren, JSX } from 'preact';
import { isCurrent } from '../../../domain/state.ts';
import type { InverterCurrent } from '../../../services/services.ts';
import { Inputs } from '../../components/inputs.tsx';
import { periodFragments } from '../../components/period-charts.tsx';
import { StateChip } from '../../components/state-chip.tsx';
import { Statistics } from '../../components/statistics.tsx';
import { useView } from '../../view.ts';
import { type DashboardData, dashboardPath } from './data.ts';
import { Facts } from './facts.tsx';
import { Logger } from './logger.tsx';

/** What changes while a dashboard is open. */
export function dashboardFragments({
  inverter,
  logger,
  disbelieved,
  charts,
}: DashboardData): Record<string, ComponentChildren> {
  return {
    state: <State inverter={inverter} />,
    statistics: <Figures inverter={inverter} disbelieved={disbelieved} />,
    ...(charts === null ? {} : periodFragments(charts, dashboardPath(inverter.id))),
    inputs: <Inputs inverter={inverter} />,
    facts: <Facts inverter={inverter} />,
    ...(logger === null ? {} : { logger: <Logger inverter={inverter} logger={logger} /> }),
  };
}

function Figures({ inverter, disbelieved }: Pick<DashboardData, 'inverter' | 'disbelieved'>): JSX.Element {
  const { t } = useView();
  const todayHint = disbelieved === 0 ? undefined : t.chart.disbelievedIn(disbelieved);
  return <Statistics {...inverter} isCurrent={isCurrent(inverter.state)} todayHint={todayHint} />;
}

function State({ inverter: { id, state } }: { inverter: InverterCurrent }): JSX.Element {
  const { t } = useView();
  const unseen = state === 'never_seen' || state === 'waiting';
  return (
    <div class="flex flex-wrap items-center gap-x-3 gap-y-1">
      <StateChip state={state} />
      {state === 'producing' ? null : <span class="text-muted text-sm">{t.stateHint[state]}</span>}
      {unseen ? (
        <a href={`/inverters/${id}/setup`} class="link text-sm">
          {t.dashboard.toGuide}
        </a>
      ) : null}
    </div>
  );
}
