import type { Config } from '../config.ts';

/** What the pages need to know of the configuration. */
export type WebConfig = Pick<Config, 'publicUrl' | 'adminAllow' | 'autoRefreshRateS' | 'timeZone' | 'cookieSecure'> & {
  readonly collector: Pick<Config['collector'], 'publicHost' | 'port'>;
};
