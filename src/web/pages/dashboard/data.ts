import type { LoggerDetails } from '../../../services/logger-service.ts';
import type { InverterCurrent } from '../../../services/services.ts';
import { type PeriodCharts, periodShape } from '../../period-charts.ts';

export interface DashboardData {
  inverter: InverterCurrent;
  /** How many counter readings of today were not believed. */
  disbelieved: number;
  /** Null where no logger of ours speaks for it. */
  logger: LoggerDetails | null;
  /** Null in an update of a page whose charts are not pushed. */
  charts: PeriodCharts | null;
}

export function dashboardPath(id: number): string {
  return `/dashboard/${id}`;
}

/** Changes where the page gets another part, or another day. */
export function dashboardShape({ inverter, charts }: DashboardData): string {
  return `${inverter.channels.length > 0 ? 'inputs' : ''}${charts === null ? '' : periodShape(charts)}`;
}
