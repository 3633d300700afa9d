import type { InverterSummary } from '../../../services/services.ts';

export interface InvertersData {
  inverters: InverterSummary[];
  /** What was just done, to be confirmed. */
  done: 'renamed' | 'removed' | null;
}
