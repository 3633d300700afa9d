import type { InverterCurrent } from '../../../services/services.ts';

export interface ExportData {
  inverter: InverterCurrent;
  /** What the form proposes: the last week, in the site's dates. */
  from: string;
  through: string;
}
