import type { InverterCurrent } from '../../../services/services.ts';

export interface SetUpData {
  inverter: InverterCurrent;
  /** Just made, shown this once. */
  newKey: string | null;
}
