/** What single settings may be. */
export const ROLES = ['web', 'collector', 'worker'] as const;
export type Role = (typeof ROLES)[number];
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface VariableReport {
  name: string;
  meaning: string;
  /** As text, secrets masked; null when unset. */
  value: string | null;
  origin: 'environment' | 'file' | 'default';
  /** False where the default is a description ("host of BASE_URL") rather than a value. */
  literal: boolean;
}
