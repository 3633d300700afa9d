import type { ApiKeyScope, ApiKeySummary } from '../../../services/services.ts';

export const SCOPES = ['ingest', 'read', 'full'] as const satisfies readonly ApiKeyScope[];
/** Days until a new key is over. */
export const LIFETIMES = ['never', '365', '90'] as const;

export interface ApiKeysData {
  keys: ApiKeySummary[];
  /** Just made, shown this once. */
  newKey: { name: string; key: string } | null;
  /** What was just done, to be confirmed. */
  done: 'revoked' | null;
}
