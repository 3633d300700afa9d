import { randomBytes } from 'node:crypto';
import { loadConfig } from '../../src/config.ts';
import { type RunningProcess, startProcess } from '../../src/roles/process.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { freePort } from './server-process.ts';
import type { TestDatabase } from './test-database.ts';

export interface WebProcess extends RunningProcess {
  url: string;
  /** The plain-HTTP door of devices. */
  plainUrl: string;
}

/** The role `web` as it is really started, beside others on the same database. */
export async function startWebProcess(db: TestDatabase): Promise<WebProcess> {
  const [port, plainPort] = [await freePort(), await freePort()];
  const config = loadConfig(
    {
      DATABASE_URL: db.adminUrl,
      ROLE_PREFIX: db.roles.owner.replace(/_owner$/, ''),
      AUTH_SECRET: db.authSecret,
      ENCRYPTION_KEY: `${randomBytes(32).toString('base64url')}=`,
      ROLES: 'web',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(port),
      INGEST_HTTP_PORT: String(plainPort),
    },
    '/nonexistent',
  );
  const running = await startProcess(config, createLogger('fatal'));
  return { ...running, url: `http://127.0.0.1:${port}`, plainUrl: `http://127.0.0.1:${plainPort}` };
}
