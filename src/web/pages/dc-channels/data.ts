import type { ShownPeriod } from '../../../domain/shown-period.ts';
import type { InverterCurrent } from '../../../services/services.ts';
import type { Bars } from '../../charts/bars.ts';
import type { Curve } from '../../charts/curve.ts';
import { periodShape } from '../../period-charts.ts';
import type { Metric } from './metrics.ts';

/** The inputs of an inverter side by side. */
export interface Comparison {
  period: ShownPeriod;
  metric: Metric;
  /** Null where bars are shown. */
  curve: Curve | null;
  bars: Bars | null;
}

export interface DcChannelsData {
  inverter: InverterCurrent;
  /** Null without inputs, and in an update of a page whose chart is not pushed. */
  comparison: Comparison | null;
}

export function dcChannelsPath(id: number): string {
  return `/dc-channels/${id}`;
}

export function dcChannelsShape({ inverter, comparison }: DcChannelsData): string {
  return `${inverter.channels.length}${comparison === null ? '' : periodShape(comparison)}`;
}
