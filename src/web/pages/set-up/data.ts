import type { LoggerDetails } from '../../../services/logger-service.ts';
import type { InverterCurrent } from '../../../services/services.ts';

export interface SetUpData {
  inverter: InverterCurrent;
  /** Null where no logger of ours speaks for it. */
  logger: LoggerDetails | null;
  /** Just made, shown this once. */
  newKey: string | null;
}

/** The page has forms that come and go with these. */
export function setUpShape({ logger }: SetUpData): string {
  const claim = logger?.claim ?? null;
  const restart = claim?.restartUntil == null ? '' : 'restart';
  return `${claim === null ? '' : `claim${claim.isTaken ? '-taken' : ''}`}${restart}${logger?.tls == null ? '' : 'tls'}`;
}
