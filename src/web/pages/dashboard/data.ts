import type { InverterCurrent } from '../../../services/services.ts';
import type { DayCurve } from '../../charts/day-curve.ts';

export interface DashboardData {
  inverter: InverterCurrent;
  curve: DayCurve;
}
