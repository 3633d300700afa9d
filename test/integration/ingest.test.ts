import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Unavailable } from '../../src/domain/errors.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { Batcher } from '../../src/ingest/batcher.ts';
import { DeviceNotes } from '../../src/ingest/device-notes.ts';
import { flushSamples } from '../../src/ingest/flush.ts';
import { parseAccountNews } from '../../src/live/hub.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import type { SessionUser } from '../../src/services/services.ts';
import { createStatisticsService } from '../../src/services/statistics.ts';
import { noteDevicesFacts, type ToldFacts } from '../../src/store/devices.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { envelopeOf, openDtuReading } from '../support/make-reading.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** But for whose and which it is. */
const FLEET_DEVICE = { siteId: 0, timeZone: 'Europe/Berlin', place: null, ratedPowerW: null, mpptCount: null };

let db: TestDatabase;
let ingest: IngestParts;
let alice: SessionUser;
let bob: SessionUser;
const NOW = new Date('2026-06-21T11:00:00Z');
const at = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

async function account(email: string): Promise<SessionUser> {
  const id = await db.owner(async (client) => {
    const { rows } = await client.query<{ id: number }>(
      `SELECT api.insert_account($1, 'x', 'A', 'B', false, true, 'Europe/Berlin') AS id`,
      [email],
    );
    return rows[0]?.id ?? 0;
  });
  return { id, email, firstName: 'A', lastName: 'B', locale: null, isAdmin: false, isVerified: true };
}

beforeAll(async () => {
  db = await createTestDatabase();
  ingest = assembleIngest(
    db.pools,
    { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 },
    createLogger('fatal'),
    () => NOW,
  );
  alice = await account('alice@example.org');
  bob = await account('bob@example.org');
});
afterAll(async () => {
  await ingest.drain();
  await db.drop();
});

const inverters = () => createInverterService(db.pools.app, { isOnlyAccount: async () => false });

async function addInverter(user: SessionUser, serial: string): Promise<number> {
  const { id } = await inverters().add(user, { name: `Wechselrichter ${serial}`, serial, kind: 'opendtu' }, NOW);
  ingest.resolver.invalidate();
  return id;
}

describe('a pushed reading', () => {
  it('is stored with its own time and decimals and shown with energy from its counters', async () => {
    const id = await addInverter(alice, '116100000001');
    const push = (s: number, powerW: number, energyTotalWh: number) =>
      ingest.intake.push(
        alice.id,
        'opendtu',
        envelopeOf(openDtuReading('116100000001', at(s), { powerW, energyTotalWh })),
        NOW,
      );
    await push(-120, 16.1, 444_671);
    const [second] = await push(-60, 300.5, 444_676);
    expect(second).toEqual({ status: 'ok', sentSerial: '116100000001', inverterId: id, powerW: 300.5, stale: false });
    await ingest.notes.settled();
    const current = await inverters().current(alice.id, id, NOW);
    expect(current).toMatchObject({
      powerW: 300.5,
      voltageV: 229.8,
      sampledAt: at(-60),
      ageS: 60,
      energyTodayWh: 5,
      energyTotalWh: 444_676,
      counterTotalWh: 444_676,
      state: 'producing',
      currentA: null,
    });
    expect(current.channels).toEqual([
      expect.objectContaining({
        channel: 1,
        name: 'Hochbeet',
        powerW: 300.5,
        currentA: 0.11,
        irradiationPct: 1.55,
        energyTodayWh: 5,
      }),
    ]);
  });

  it('delivered twice is stored and booked once, and says so', async () => {
    const id = await addInverter(alice, '116100000002');
    const send = (s: number, total: number) =>
      ingest.intake.push(
        alice.id,
        'opendtu',
        envelopeOf(openDtuReading('116100000002', at(s), { energyTotalWh: total })),
        NOW,
      );
    await send(-120, 1000);
    await send(-60, 1005);
    expect(await send(-60, 1005)).toMatchObject([{ status: 'duplicate', inverterId: id }]);
    expect((await inverters().current(alice.id, id, NOW)).energyTodayWh).toBe(5);
  });

  it('of another account is unknown, stored for nobody, and lands in the pusher’s own inbox', async () => {
    const id = await addInverter(bob, '116100000003');
    const results = await ingest.intake.push(
      alice.id,
      'opendtu',
      envelopeOf(openDtuReading('116100000003', at(-30))),
      NOW,
    );
    expect(results).toEqual([{ status: 'unknown', sentSerial: '116100000003' }]);
    expect((await inverters().current(bob.id, id, NOW)).sampledAt).toBeNull();
    await ingest.notes.settled();
    const { rows } = await db.owner((c) => c.query('SELECT user_id, serial FROM api.pending_device'));
    expect(rows).toEqual([{ user_id: alice.id, serial: '116100000003' }]);
  });

  it('is stored although the inbox cannot take its neighbour; alone the neighbour is told to come again', async () => {
    await addInverter(alice, '116100000033');
    const away = vi.spyOn(ingest.inbox, 'addByItself').mockRejectedValue(new Unavailable('busy'));
    const [known, unknown] = [openDtuReading('116100000033', at(-30)), openDtuReading('116100000034', at(-30))];
    const results = await ingest.intake.push(alice.id, 'opendtu', envelopeOf(unknown, known), NOW);
    expect(results).toMatchObject([{ status: 'unknown' }, { status: 'ok' }]);
    await expect(ingest.intake.push(alice.id, 'opendtu', envelopeOf(unknown), NOW)).rejects.toThrow(Unavailable);
    away.mockRestore();
  });

  it('from outside the accepted window is answered, not stored, and noted', async () => {
    const id = await addInverter(alice, '116100000004');
    const results = await ingest.intake.push(
      alice.id,
      'opendtu',
      envelopeOf(openDtuReading('116100000004', at(11 * 60)), openDtuReading('116100000004', at(-731 * 86_400))),
      NOW,
    );
    expect(results.map((r) => r.status)).toEqual(['ok', 'ok']);
    expect((await inverters().current(alice.id, id, NOW)).sampledAt).toBeNull();
    await expect
      .poll(
        async () =>
          (await db.owner((c) => c.query('SELECT kind FROM api.quality_event WHERE inverter_id = $1', [id]))).rows,
      )
      // Once a minute at most: a device with a wrong clock repeats itself with every reading.
      .toEqual([{ kind: 'outside_window' }]);
  });

  it.skipIf(process.env['TEST_TIMESCALE_URL'] !== undefined)(
    'whose partition was never made is stored all the same',
    async () => {
      const id = await addInverter(alice, '116100000005');
      await ingest.intake.push(alice.id, 'opendtu', envelopeOf(openDtuReading('116100000005', at(-300 * 86_400))), NOW);
      const { rows } = await db.owner((c) =>
        c.query('SELECT tableoid::regclass::text AS part FROM store.ac_sample WHERE inverter_id = $1', [id]),
      );
      expect(rows).toEqual([{ part: 'store.ac_sample_default' }]);
      // … and moves when the partition is made.
      await db.owner((c) => c.query('SELECT store.make_partitions($1, $1)', [at(-300 * 86_400)]));
      const after = await db.owner((c) =>
        c.query('SELECT tableoid::regclass::text AS part FROM store.ac_sample WHERE inverter_id = $1', [id]),
      );
      expect(after.rows[0]?.part).toMatch(/^store\.ac_sample_p\d{8}$/);
    },
  );

  it('that is a stored one fills history and never moves "now"', async () => {
    const id = await addInverter(alice, '116100000006');
    const send = (s: number, stored: boolean, powerW: number) =>
      ingest.intake.push(
        alice.id,
        'opendtu',
        envelopeOf(openDtuReading('116100000006', at(s), { stored, powerW })),
        NOW,
      );
    await send(-600, false, 100);
    await send(-60, true, 999);
    expect(await inverters().current(alice.id, id, NOW)).toMatchObject({ powerW: 100, sampledAt: at(-600) });
    const { points } = await createStatisticsService(db.pools.app).power(alice.id, id, {
      from: at(-3600),
      to: NOW,
      bucket: 'raw',
    });
    expect(points.map((p) => p.powerW)).toEqual([100, 999]);
  });
});

describe('reading back', () => {
  it('answers another account’s inverter with NotFound everywhere', async () => {
    const id = await addInverter(alice, '116100000010');
    const range = { from: at(-3600), to: NOW, bucket: '5m' as const };
    await expect(inverters().current(bob.id, id, NOW)).rejects.toMatchObject({ code: 'not_found' });
    await expect(inverters().update(bob.id, id, { name: 'Meins' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(inverters().remove(bob.id, id, NOW)).rejects.toMatchObject({ code: 'not_found' });
    await expect(createStatisticsService(db.pools.app).power(bob.id, id, range)).rejects.toMatchObject({
      code: 'not_found',
    });
    expect((await inverters().list(bob.id, NOW)).map((i) => i.id)).not.toContain(id);
  });

  it('shows an inverter that never sent as never seen, with nothing known', async () => {
    const id = await addInverter(alice, '116100000011');
    expect(await inverters().current(alice.id, id, NOW)).toMatchObject({
      state: 'never_seen',
      powerW: null,
      energyTodayWh: null,
      energyTotalWh: null,
      ageS: null,
      maxPowerTodayW: null,
      avgPowerLastHourW: null,
      channels: [],
    });
  });

  it('refuses a range of more than 5 000 points and names the next bucket', async () => {
    const id = await addInverter(alice, '116100000012');
    await db.owner((c) =>
      c.query(
        `INSERT INTO store.ac_sample (user_id, inverter_id, ts, power_dw)
         SELECT $1, $2, $3::timestamptz - n * interval '1 second', 100 FROM generate_series(1, 5001) n`,
        [alice.id, id, NOW],
      ),
    );
    const read = createStatisticsService(db.pools.app).power(alice.id, id, {
      from: at(-86_400),
      to: NOW,
      bucket: 'raw',
    });
    await expect(read).rejects.toMatchObject({
      code: 'invalid_input',
      details: { fields: { bucket: expect.stringContaining('1m') } },
    });
  });
});

describe('an added serial', () => {
  it('is taken once per account, and free for another account where a key proves who sends', async () => {
    await addInverter(alice, '116100000020');
    await expect(addInverter(alice, ' 116100000020 ')).rejects.toMatchObject({ code: 'conflict' });
    await expect(addInverter(bob, '116100000020')).resolves.toBeGreaterThan(0);
  });

  it('of a logger waits for a proof while others have accounts, and is active for the only account', async () => {
    const waiting = await inverters().add(alice, { name: 'Deye', serial: '4151234567', kind: 'solarman' }, NOW);
    expect((await inverters().current(alice.id, waiting.id, NOW)).state).toBe('waiting');
    const alone = createInverterService(db.pools.app, { isOnlyAccount: async () => true });
    const active = await alone.add(alice, { name: 'Deye', serial: '4151234568', kind: 'solarman' }, NOW);
    expect((await inverters().current(alice.id, active.id, NOW)).state).toBe('never_seen');
  });

  it('is refused by name where it cannot be one', async () => {
    const add = (serial: string, name = 'x') => inverters().add(alice, { name, serial, kind: 'solarman' }, NOW);
    await expect(add('not digits')).rejects.toMatchObject({ details: { fields: { serial: expect.any(String) } } });
    await expect(add('4151234569', ' ')).rejects.toMatchObject({ details: { fields: { name: 'required' } } });
  });
});

describe('many devices at once', () => {
  it('are flushed two flushes side by side, none in both, and each sample is stored and booked', async () => {
    const { rows } = await db.owner((client) =>
      client.query<{ id: number }>(
        `INSERT INTO api.inverter (user_id, site_id, kind, serial, name)
         SELECT $1, (SELECT id FROM api.site WHERE user_id = $1 ORDER BY id LIMIT 1), 'opendtu', 'crowd' || n, 'crowd'
         FROM generate_series(1, 100) n RETURNING id`,
        [alice.id],
      ),
    );
    const crowd = rows.map(({ id }) => id);
    const underWay: Set<number>[] = [];
    const seen = { most: 0, areInBoth: [] as number[] };
    const batcher = new Batcher(
      async (batch) => {
        const own = new Set(batch.map(({ inverterId }) => inverterId));
        seen.areInBoth.push(...underWay.flatMap((other) => [...own].filter((id) => other.has(id))));
        seen.most = Math.max(seen.most, underWay.push(own));
        try {
          return await flushSamples(db.pools.ingest, batch, () => null);
        } finally {
          underWay.splice(underWay.indexOf(own), 1);
        }
      },
      { maxBatch: 60, besideFrom: 40 },
    );
    const steps = [0, 1, 2, 3, 4];
    const outcomes = await Promise.all(
      steps.flatMap((step) =>
        crowd.map((inverterId) => {
          const sampledAt = at(60 * step - 600);
          const reading = openDtuReading(`crowd${inverterId}`, sampledAt, { energyTotalWh: 1000 + 5 * step });
          return batcher.submit([{ userId: alice.id, inverterId, sampledAt, receivedAt: sampledAt, reading }]);
        }),
      ),
    );
    expect(seen).toEqual({ most: 2, areInBoth: [] });
    expect(new Set(outcomes.flat())).toEqual(new Set(['stored']));
    const told = await db.owner((client) =>
      client.query(
        `SELECT DISTINCT
           (SELECT count(*)::int FROM store.ac_sample s WHERE s.user_id = i.user_id AND s.inverter_id = i.id) AS samples,
           (SELECT sum(energy_wh[1])::int FROM store.energy_15m e
            WHERE e.user_id = i.user_id AND e.inverter_id = i.id) AS energy_wh
         FROM api.inverter i WHERE i.id = ANY ($1)`,
        [crowd],
      ),
    );
    expect(told.rows).toEqual([{ samples: 5, energy_wh: 20 }]);
  });
});

describe('what devices tell of themselves', () => {
  const serialOf = (n: number): string => `fleet${n}`;
  const reading = (n: number, told: Parameters<typeof openDtuReading>[2] = {}) =>
    openDtuReading(serialOf(n), at(-30), { inverterSerial: `inside${n}`, ...told });
  let fleet: number[];

  beforeAll(async () => {
    fleet = await db.owner(async (client) => {
      const { rows } = await client.query<{ id: number }>(
        `INSERT INTO api.inverter (user_id, site_id, kind, serial, name)
         SELECT $1, (SELECT id FROM api.site WHERE user_id = $1 LIMIT 1), 'opendtu', 'fleet' || n, 'Dach' FROM generate_series(0, 499) n
         RETURNING id`,
        [alice.id],
      );
      return rows.map(({ id }) => id);
    });
  });

  /** What is known of one of them, by the person and by itself. */
  const known = async (n: number) => {
    const { rows } = await db.owner((client) =>
      client.query(
        `SELECT rated_power_w, device_rated_power_w, device_mppt_count, inverter_serial, gateway_serial,
           (SELECT json_object_agg(channel, json_build_array(name, device_name)) FROM api.channel c WHERE c.inverter_id = i.id) AS inputs
         FROM api.inverter i WHERE id = $1`,
        [fleet[n]],
      ),
    );
    return rows[0];
  };
  /** Which transactions wrote the rows. */
  const writers = () =>
    db.owner((client) =>
      client.query(
        `SELECT 'inverter', id, 0, xmin::text, xmax::text FROM api.inverter WHERE id = ANY ($1)
         UNION ALL SELECT 'channel', inverter_id, channel, xmin::text, xmax::text FROM api.channel WHERE inverter_id = ANY ($1)
         ORDER BY 1, 2, 3`,
        [fleet],
      ),
    );
  const restarted = () => new DeviceNotes(db.pools.notes, createLogger('fatal'));
  const device = (n: number) => ({ ...FLEET_DEVICE, serial: serialOf(n), userId: alice.id, inverterId: fleet[n] ?? 0 });

  it('is written together when five hundred report at once, and not again after a restart', async () => {
    const asked = vi.spyOn(db.pools.notes, 'query');
    for (let n = 0; n < fleet.length; n++) {
      ingest.notes.facts(device(n), reading(n));
      // As they come: in packets, and a statement may be under way.
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await ingest.notes.settled();
    const statements = asked.mock.calls.length;
    asked.mockRestore();
    expect(statements).toBeGreaterThan(0);
    expect(statements).toBeLessThanOrEqual(6);
    for (const n of [0, 250, 499]) {
      expect(await known(n)).toMatchObject({
        device_rated_power_w: 1500,
        device_mppt_count: 1,
        inverter_serial: `inside${n}`,
        inputs: { 1: [null, 'Hochbeet'] },
      });
    }
    const before = (await writers()).rows;
    expect(before).toHaveLength(1000);
    const notes = restarted();
    for (let n = 0; n < fleet.length; n++) notes.facts(device(n), reading(n));
    await notes.settled();
    expect((await writers()).rows).toEqual(before);
  });

  it('is announced where it is new, so that open pages show it', async () => {
    const heard: string[] = [];
    const listener = new pg.Client({ connectionString: db.adminUrl });
    await listener.connect();
    listener.on('notification', ({ payload }) => heard.push(payload ?? ''));
    await listener.query('LISTEN deye_hard_account');
    const notes = restarted();
    for (const n of [7, 8]) notes.facts(device(n), reading(n));
    notes.facts(device(9), reading(9, { ratedPowerW: 600 }));
    await notes.settled();
    await expect.poll(() => heard).toEqual([`${alice.id}:described:${fleet[9]}`]);
    await listener.end();
    expect(heard.flatMap(parseAccountNews)).toEqual([{ type: 'described', userId: alice.id, inverterId: fleet[9] }]);
  });

  it('leaves what a person said, keeps what is unsaid, and comes again where it was refused', async () => {
    await db.owner((client) =>
      client
        .query(`UPDATE api.inverter SET rated_power_w = 800 WHERE id = $1`, [fleet[1]])
        .then(() => client.query(`UPDATE api.channel SET name = 'Carport' WHERE inverter_id = $1`, [fleet[1]])),
    );
    const input = (channel: number, name: string | null) => ({ ...reading(0).channels[0], channel, name });
    const notes = restarted();
    const tell = (n: number, told: Record<string, unknown>) => notes.facts(device(n), reading(n, told));
    tell(1, {
      ratedPowerW: 2000,
      mpptCount: null,
      gatewaySerial: 'dtu',
      inverterSerial: null,
      channels: [input(1, 'Süd'), input(2, null)],
    });
    tell(2, { channels: [input(9, 'Nirgends')] });
    tell(3, { ratedPowerW: 2500, channels: [input(1, null)] });
    await notes.settled();
    expect(await known(1)).toEqual({
      rated_power_w: 800,
      device_rated_power_w: 2000,
      device_mppt_count: 1,
      inverter_serial: 'inside1',
      gateway_serial: 'dtu',
      inputs: { 1: ['Carport', 'Süd'], 2: [null, null] },
    });
    expect(await known(2)).toMatchObject({ device_rated_power_w: 1500, inputs: { 1: [null, 'Hochbeet'] } });
    expect(await known(3)).toMatchObject({ device_rated_power_w: 2500, inputs: { 1: [null, 'Hochbeet'] } });
    const asked = vi.spyOn(db.pools.notes, 'query');
    tell(2, { channels: [input(9, 'Nirgends')] });
    tell(3, { ratedPowerW: 2500, channels: [input(1, null)] });
    await notes.settled();
    expect(asked).toHaveBeenCalledTimes(1);
    asked.mockRestore();
  });

  it('is written by two processes at once, in whatever order each was told', async () => {
    const told = (gateway: string): ToldFacts[] =>
      fleet.map((inverterId) => ({
        ...{ userId: alice.id, inverterId, ratedPowerW: null, mpptCount: null, inverterSerial: null },
        gatewaySerial: gateway,
        channels: [{ channel: 1, name: gateway }],
      }));
    for (let round = 0; round < 3; round++) {
      await Promise.all([
        noteDevicesFacts(db.pools.ingest, told(`a${round}`)),
        noteDevicesFacts(db.pools.ingest, told(`b${round}`).reverse()),
      ]);
    }
    expect(await known(0)).toMatchObject({ gateway_serial: expect.stringMatching(/^[ab]2$/) });
  });
});
