import type { ComponentChildren, JSX } from 'preact';
import type { Quantity } from '../../i18n/format.ts';
import { useView } from '../view.ts';
import { Age, freshness, OldMark } from './age.tsx';
import { Figure } from './figure.tsx';

export interface StatisticsProps {
  powerW: number | null;
  sampledAt: Date | null;
  /** Whether that power is what is now. */
  isCurrent: boolean;
  staleAfterS: number;
  maxPowerTodayW: number | null;
  energyTodayWh: number | null;
  avgPowerLastHourW: number | null;
  timeZone: string;
  /** Said under today's energy, where it is not the whole. */
  todayHint?: string | undefined;
  nowHint?: string | undefined;
}

/** The four that everybody looks for, in the order they have always had. */
export function Statistics(props: StatisticsProps): JSX.Element {
  const { t, fmt } = useView();
  const { powerW, sampledAt, maxPowerTodayW, energyTodayWh, avgPowerLastHourW, timeZone, todayHint, nowHint } = props;
  const power = (watts: number | null): Quantity | null => (watts === null ? null : fmt.powerParts(watts));
  return (
    <dl class="grid grid-cols-2 gap-3 md:gap-4 lg:grid-cols-4">
      <Tile label={t.dashboard.now} of={power(powerW)} old={freshness(!props.isCurrent, props.staleAfterS)}>
        {sampledAt === null ? null : <Age at={sampledAt} timeZone={timeZone} />}
        {powerW === null ? null : <OldMark />}
        {nowHint}
      </Tile>
      <Tile label={t.dashboard.maximum} of={power(maxPowerTodayW)} />
      <Tile label={t.dashboard.today} of={energyTodayWh === null ? null : fmt.energyParts(energyTodayWh)}>
        {todayHint}
      </Tile>
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
