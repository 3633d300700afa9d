import type { ComponentChildren, JSX } from 'preact';
import { BarChart } from '../../components/bar-chart.tsx';
import { CurveChart } from '../../components/curve-chart.tsx';
import { Inputs } from '../../components/inputs.tsx';
import { StateChip } from '../../components/state-chip.tsx';
import { useView } from '../../view.ts';
import type { Comparison, DcChannelsData } from './data.ts';
import type { Metric } from './metrics.ts';

/** What changes while the page of the inputs is open. */
export function dcChannelsFragments({ inverter, comparison }: DcChannelsData): Record<string, ComponentChildren> {
  return {
    state: <StateChip state={inverter.state} />,
    inputs: <Inputs inverter={inverter} />,
    ...(comparison === null ? {} : { comparison: <Chart comparison={comparison} /> }),
  };
}

const UNITS: Record<Exclude<Metric, 'energy'>, string> = { power: 'W', voltage: 'V', current: 'A' };

function Chart({ comparison: { period, metric, curve, bars } }: { comparison: Comparison }): JSX.Element | null {
  const { t, fmt } = useView();
  const label = t.inputs.metrics[metric];
  if (bars !== null) return <BarChart id="comparison" label={label} bars={bars} timeZone={period.timeZone} />;
  if (curve === null) return null;
  const { kind } = period.choice;
  const formats: Record<Exclude<Metric, 'energy'>, (value: number) => string> = {
    power: (watts) => fmt.power(watts),
    voltage: (volts) => fmt.quantity(volts, 'V', 1),
    current: (amperes) => fmt.quantity(amperes, 'A', 2),
  };
  return (
    <CurveChart
      id="comparison"
      label={label}
      curve={curve}
      timeZone={period.timeZone}
      isCurrent={null}
      format={formats[metric === 'energy' ? 'power' : metric]}
      unit={UNITS[metric === 'energy' ? 'power' : metric]}
      isLong={kind !== 'day' && kind !== '1h' && kind !== '6h'}
    />
  );
}
