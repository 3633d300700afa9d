import { CollectorServer } from '../../src/collector/server.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { solarman } from '../../src/protocols/solarman/index.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import type { LoggerService } from '../../src/services/logger-service.ts';
import { createLoggerService } from '../../src/services/loggers.ts';
import type { InverterService, SessionUser } from '../../src/services/services.ts';
import { Visits } from '../../src/services/visits.ts';
import { isOnlyAccount } from '../../src/store/processes.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Device } from './collector-rig.ts';
import { failLoudly } from './fail-loudly.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

/** A real collector before a real database, whose peers come from whatever address a test wants, at whatever time. */
export interface ClaimingRig {
  db: TestDatabase;
  ingest: IngestParts;
  server: CollectorServer;
  inverters: InverterService;
  loggers: LoggerService;
  visits: Visits;
  now: Date;
  /** A member with an account of their own. */
  member(name: string): Promise<SessionUser>;
  /** A connection that comes from there. */
  connect(address: string): Device;
  /** Adds a logger for somebody. @returns the inverter's id */
  add(user: SessionUser, serial: number): Promise<number>;
  isWaiting(inverterId: number): Promise<boolean>;
  eventsOf(inverterId: number): Promise<{ kind: string; detail: Record<string, unknown> }[]>;
  stop(): Promise<void>;
}

const PROXY = '203.0.113.250';

export async function claimingRig(start: Date): Promise<ClaimingRig> {
  const db = await createTestDatabase();
  const clock = (): Date => rig.now;
  const settings = {
    storeDcChannelData: true,
    defaultTimeZone: 'Europe/Berlin',
    retentionDays: 730,
    isProxy: (address: string) => address === PROXY,
  };
  const log = createLogger('fatal');
  const ingest = assembleIngest(db.pools, settings, log, clock);
  const server = new CollectorServer({
    protocol: solarman,
    sink: ingest.intake,
    log,
    proxyProtocol: true,
    now: clock,
  });
  const { port } = await server.listen(0, '127.0.0.1');
  const devices: Device[] = [];
  const rig: ClaimingRig = {
    db,
    ingest,
    server,
    inverters: createInverterService(db.pools.app, { isOnlyAccount: () => isOnlyAccount(db.pools.app) }),
    loggers: createLoggerService(db.pools.app),
    visits: new Visits(db.pools.app, failLoudly),
    now: start,
    async member(name) {
      const email = `${name}@example.org`;
      const id = await db.owner(async (client) => {
        const text = `SELECT api.insert_account($1, 'x', $2, 'M', false, true, 'Europe/Berlin') AS id`;
        return (await client.query<{ id: number }>(text, [email, name])).rows[0]?.id ?? 0;
      });
      return { id, email, firstName: name, lastName: 'M', locale: null, isAdmin: false, isVerified: true };
    },
    connect(address) {
      const device = new Device(port);
      devices.push(device);
      device.send(proxyHeader(address));
      return device;
    },
    async add(user, serial) {
      const wanted = { name: `of ${user.firstName}`, serial: String(serial), kind: 'solarman' } as const;
      const { id } = await rig.inverters.add(user, wanted, rig.now);
      ingest.resolver.invalidate();
      return id;
    },
    async isWaiting(inverterId) {
      return db.owner(async (client) => {
        const text = 'SELECT waiting FROM api.inverter WHERE id = $1';
        return (await client.query<{ waiting: boolean }>(text, [inverterId])).rows[0]?.waiting === true;
      });
    },
    async eventsOf(inverterId) {
      await ingest.notes.settled();
      return db.owner(async (client) => {
        const text = 'SELECT kind, detail FROM api.quality_event WHERE inverter_id = $1 ORDER BY id';
        return (await client.query<{ kind: string; detail: Record<string, unknown> }>(text, [inverterId])).rows;
      });
    },
    async stop() {
      await server.stop();
      for (const device of devices) device.socket.destroy();
      await ingest.drain();
      await rig.visits.settled();
      await db.drop();
    },
  };
  return rig;
}

/** PROXY protocol version 2, TCP over IPv4. */
function proxyHeader(address: string): Buffer {
  const from = Buffer.from(address.split('.').map(Number));
  const head = Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex');
  return Buffer.concat([head, from, Buffer.from('c6336401d4312710', 'hex')]);
}
