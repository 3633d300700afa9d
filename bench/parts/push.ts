import { fourInputs, HttpDevice } from '../http-device.ts';
import { makeFlushes, type Recording, record, replay, samplesAlone } from '../replay.ts';
import { postgresCpuS, usageOf } from '../rig.ts';
import type { Measure } from '../rounds.ts';
import { forSeconds, type Stage } from '../stage.ts';

/** A push of each device is of the minute after its last. */
const STEP_S = 60;
/** Pushes that are replayed in a round. */
const REPLAYED = 800;

/** Devices that push as soon as they are answered; beside it the same statements without us, and HTTP without storing. */
export async function pushMeasures({ bench, http, bareDatabase, size }: Stage): Promise<Measure[]> {
  const serials = Array.from({ length: size.devices }, (_, i) => `1161${String(i).padStart(8, '0')}`);
  await bench.addInverters('opendtu', serials);
  const devices = serials.map((serial) => new HttpDevice(serial, bench.server.httpPort, bench.apiKey));
  const bare = serials.map((serial) => new HttpDevice(serial, http.port, bench.apiKey));
  const firstS = Math.floor(Date.now() / 1000) - 6 * 86_400;
  const sent = new Map<HttpDevice, number>();
  const push = async (device: HttpDevice): Promise<void> => {
    const n = sent.get(device) ?? 0;
    sent.set(device, n + 1);
    const status = await device.push(fourInputs(device.serial, firstS + n * STEP_S, n));
    if (status !== 201) throw new Error(`a push was answered with ${status}`);
  };
  // A program that has just started is translated while it runs.
  await forSeconds(devices, size.seconds, push);
  const recorded = await recordFlushes(bareDatabase);
  const alone = samplesAlone(recorded);
  const cpu = { ours: Number.NaN, bare: Number.NaN };
  return [
    {
      name: 'push',
      what: 'pushes of a 4-input inverter, answered after their COMMIT',
      unit: 'a second',
      async ours(note) {
        const before = { server: usageOf(bench.server.pid).cpuS, postgres: postgresCpuS(bench.server.dataDir) };
        const startedAt = performance.now();
        const rate = await forSeconds(devices, size.seconds, push);
        const pushes = rate * ((performance.now() - startedAt) / 1000);
        const server = ((usageOf(bench.server.pid).cpuS - before.server) / pushes) * 1e6;
        const postgres = ((postgresCpuS(bench.server.dataDir) - before.postgres) / pushes) * 1e6;
        note('push_server_cpu', server, 'processor a push, program', 'µs');
        note('push_postgres_cpu', postgres, 'processor a push, PostgreSQL', 'µs');
        cpu.ours = server + postgres;
        return rate;
      },
      neighbours: [
        {
          name: 'bare_insert',
          what: 'the same statements into the same tables, prepared, one connection',
          async measure() {
            return bareDatabase.owner(async (client) => {
              const before = postgresCpuS(bench.server.dataDir);
              const rate = await replay(client, recorded);
              cpu.bare = ((postgresCpuS(bench.server.dataDir) - before) / recorded.samples) * 1e6;
              return rate;
            });
          },
        },
        {
          name: 'samples_alone',
          what: 'only their samples, without counters and energy',
          measure: () => bareDatabase.owner((client) => replay(client, alone)),
        },
        {
          name: 'bare_http',
          what: 'the same requests to node:http that stores nothing',
          measure: () =>
            forSeconds(bare, size.seconds, async (device) => {
              await device.push(fourInputs(device.serial, firstS, 0));
            }),
        },
      ],
    },
    {
      name: 'push_cpu',
      what: 'processor a push, program and PostgreSQL',
      unit: 'µs',
      ours: async () => cpu.ours,
      neighbours: [
        { name: 'bare_insert', what: 'of PostgreSQL for the bare insert of a push', measure: async () => cpu.bare },
      ],
    },
  ];
}

async function recordFlushes(bareDatabase: Stage['bareDatabase']): Promise<Recording> {
  const serials = Array.from({ length: 100 }, (_, i) => `1171${String(i).padStart(8, '0')}`);
  const rounds = REPLAYED / serials.length;
  return bareDatabase.owner(async (client) => {
    const { rows: accounts } = await client.query<{ id: number }>(
      `SELECT api.insert_account('bare@example.org', 'x', '', '', false, true, 'Europe/Berlin') AS id`,
    );
    const userId = accounts[0]?.id ?? 0;
    const { rows } = await client.query<{ id: number }>(
      `INSERT INTO api.inverter (user_id, site_id, kind, serial, name)
       SELECT $1, (SELECT id FROM api.site WHERE user_id = $1), 'opendtu', serial, serial
       FROM unnest($2::text[]) AS serial RETURNING id`,
      [userId, serials],
    );
    const firstS = Math.floor(Date.now() / 1000) - (rounds + 10) * STEP_S;
    const whose = { serials, ids: rows.map((row) => row.id), userId };
    return record(client, makeFlushes(whose, { rounds, firstS, stepS: STEP_S }));
  });
}
