import type { InverterSummary } from '../../../services/services.ts';
import type { Bars } from '../../charts/bars.ts';
import type { Curve } from '../../charts/curve.ts';

export interface OverviewData {
  inverters: InverterSummary[];
  /** Null when there is no inverter. */
  curve: Curve | null;
  /** The energy of the last 30 days; null when there is no inverter. */
  month: { bars: Bars; totalWh: number | null } | null;
  /** How many counter readings of today were not believed. */
  disbelieved: number;
  /** Of the first inverter's site: the day of a page is one day. */
  timeZone: string;
}
