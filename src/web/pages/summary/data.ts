import type { InverterSummary } from '../../../services/services.ts';
import { type PeriodCharts, periodShape } from '../../period-charts.ts';

export interface SummaryData {
  inverters: InverterSummary[];
  /** The highest sum of today and the mean of the last hour; null where nothing was measured. */
  maxPowerTodayW: number | null;
  avgPowerLastHourW: number | null;
  /** How many counter readings of today were not believed. */
  disbelieved: number;
  /** Of the first inverter's site. */
  timeZone: string;
  /** Null in an update of a page whose charts are not pushed. */
  charts: PeriodCharts | null;
}

export function summaryShape({ charts }: SummaryData): string {
  return charts === null ? '' : periodShape(charts);
}
