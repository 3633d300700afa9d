import { randomBytes } from 'node:crypto';
import { loadConfig } from '../../src/config.ts';
import { startProcess } from '../../src/roles/process.ts';
import { DEFAULT_PLACE } from '../../src/simulate/demo.ts';
import { createFleet, type FleetOptions } from '../../src/simulate/fleet.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { addFleetAccount } from './fleet-account.ts';
import { freePort } from './server-process.ts';
import { createTestDatabase } from './test-database.ts';

export interface RegisteredFleet {
  url: string;
  collectorPort: number;
  apiKey: string;
  inverters: number;
  /** What makes the same fleet, at rest. */
  fleet: FleetOptions;
  stop(): Promise<void>;
}

/** The whole server on a database of its own, with an account that has the devices of this fleet. */
export async function registeredFleet(size: Pick<FleetOptions, 'seed' | 'loggers' | 'dtus'>): Promise<RegisteredFleet> {
  const db = await createTestDatabase();
  const [httpPort, collectorPort] = [await freePort(), await freePort()];
  const config = loadConfig(
    {
      DATABASE_URL: db.adminUrl,
      ROLE_PREFIX: db.roles.owner.replace(/_owner$/, ''),
      AUTH_SECRET: db.authSecret,
      ENCRYPTION_KEY: `${randomBytes(32).toString('base64url')}=`,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(httpPort),
      COLLECTOR_HOST: '127.0.0.1',
      COLLECTOR_PORT: String(collectorPort),
    },
    '/nonexistent',
  );
  const running = await startProcess(config, createLogger('fatal'));
  const url = `http://127.0.0.1:${httpPort}`;
  const fleet: FleetOptions = {
    ...size,
    intervalS: 60,
    collector: { host: '127.0.0.1', port: collectorPort },
    http: { url, apiKey: '' },
    speed: 1,
    place: DEFAULT_PLACE,
    alwaysDay: true,
    log: createLogger('fatal'),
  };
  const devices = createFleet(fleet).devices();
  const { apiKey } = await db.owner((owner) => addFleetAccount(owner, devices));
  return {
    url,
    collectorPort,
    apiKey,
    inverters: devices.length,
    fleet,
    async stop() {
      await running.stop();
      await db.drop();
    },
  };
}
