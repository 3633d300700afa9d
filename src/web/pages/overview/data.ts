import type { InverterSummary } from '../../../services/services.ts';
import type { DayCurve } from '../../charts/day-curve.ts';

export interface OverviewData {
  inverters: InverterSummary[];
  /** Null when there is no inverter. */
  curve: DayCurve | null;
  /** Of the first inverter's site: the day of a page is one day. */
  timeZone: string;
}
