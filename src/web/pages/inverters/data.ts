import type { InverterSummary, PendingDevice } from '../../../services/services.ts';

export interface InvertersData {
  inverters: InverterSummary[];
  /** What was just done, to be confirmed. */
  done: 'renamed' | 'removed' | 'added' | null;
  /** Devices that wait to be added. */
  pending: PendingDevice[];
  /** Whether they are added by themselves. */
  autoAdds: boolean;
}
