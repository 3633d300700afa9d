import type { ComponentChildren, JSX } from 'preact';
import { isCurrent } from '../../../domain/state.ts';
import type { Quantity } from '../../../i18n/format.ts';
import type { InverterCurrent } from '../../../services/services.ts';
import { Age, freshness, OldMark } from '../../components/age.tsx';
import { DayChart } from '../../components/day-chart.tsx';
import { Figure } from '../../components/figure.tsx';
import { StateChip } from '../../components/state-chip.tsx';
import { useView } from '../../view.ts';
import type { DashboardData } from './data.ts';
import { Facts } from './facts.tsx';
import { Inputs } from './inputs.tsx';

/** What changes while a dashboard is open. */
export function dashboardFragments({ inverter, curve }: DashboardData): Record<string, ComponentChildren> {
  return {
    state: <State inverter={inverter} />,
    statistics: <Statistics inverter={inverter} />,
    curve: <DayChart id="day" curve={curve} timeZone={inverter.timeZone} isCurrent={isCurrent(inverter.state)} />,
    inputs: <Inputs inverter={inverter} />,
    facts: <Facts inverter={inverter} />,
  };
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

/** The predecessor's four, in its order. */
function Statistics({ inverter }: { inverter: InverterCurrent }): JSX.Element {
  const { t, fmt } = useView();
  const { powerW, sampledAt, maxPowerTodayW, energyTodayWh, avgPowerLastHourW, timeZone, state, staleAfterS } =
    inverter;
  const power = (watts: number | null): Quantity | null => (watts === null ? null : fmt.powerParts(watts));
  return (
    <dl class="grid grid-cols-2 gap-3 md:gap-4 lg:grid-cols-4">
      <Tile label={t.dashboard.now} of={power(powerW)} old={freshness(!isCurrent(state), staleAfterS)}>
        {sampledAt === null ? null : <Age at={sampledAt} timeZone={timeZone} />}
        <OldMark />
      </Tile>
      <Tile label={t.dashboard.maximum} of={power(maxPowerTodayW)} />
      <Tile label={t.dashboard.today} of={energyTodayWh === null ? null : fmt.energyParts(energyTodayWh)} />
      <Tile label={t.dashboard.average} of={power(avgPowerLastHourW)} />
    </dl>
  );
}

interface TileProps {
  label: string;
  of: Quantity | null;
  old?: ReturnType<typeof freshness>;
  children?: ComponentChildren;
}

function Tile({ label, of, old, children }: TileProps): JSX.Element {
  return (
    <div class="panel panel-tight flex flex-col gap-2" {...old}>
      <dt class="eyebrow">{label}</dt>
      <dd>
        <Figure of={of} />
        {children === undefined ? null : (
          <span class="mt-1.5 flex flex-wrap items-center gap-2 text-muted text-sm">{children}</span>
        )}
      </dd>
    </div>
  );
}
