import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AC_COLUMNS, DC_COLUMNS, insertRows, readRows, type SampleRow } from '../support/sample-rows.ts';
import { simulatedRows } from '../support/simulated-rows.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** What packing a week keeps, and what is left of its bytes. The jobs around it are in packing-jobs.test.ts. */

let db: TestDatabase;
const ALICE = 1;
const WEEK = Date.parse('2026-03-02T00:00:00Z');

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
afterEach(() =>
  db.owner((c) => c.query('TRUNCATE store.ac_sample, store.dc_sample, store.ac_packed, store.dc_packed')),
);

type Kind = 'ac' | 'dc';
const KINDS: Kind[] = ['ac', 'dc'];

/** Puts the rows into the partition of their week, packs it, and answers what is to be seen before and after. */
async function packed(rows: Record<Kind, SampleRow[]>): Promise<Record<'before' | 'after', Record<Kind, SampleRow[]>>> {
  return db.owner(async (client) => {
    const week = new Date(WEEK);
    await client.query('SELECT store.make_partitions($1, $1)', [week]);
    for (const kind of KINDS) await insertRows(client, kind, ALICE, rows[kind]);
    const before = await readBoth(client);
    await client.query('SELECT store.pack_week($1)', [week]);
    const { rows: left } = await client.query(`SELECT FROM pg_class WHERE relname ~ '^[ad]c_sample_p20260302$'`);
    expect(left).toHaveLength(0);
    return { before, after: await readBoth(client) };
  });
}

async function readBoth(client: pg.Client): Promise<Record<Kind, SampleRow[]>> {
  return { ac: await readRows(client, 'ac', ALICE), dc: await readRows(client, 'dc', ALICE) };
}

/** A moment of the week, with microseconds, as PostgreSQL writes it. */
const momentText = (us: number): string => {
  const ms = Math.floor(us / 1000);
  return new Date(WEEK + ms).toISOString().replace('Z', `${String(us % 1000).padStart(3, '0')}Z`);
};

const SMALL = new Set(['power_factor_pm', 'temperature_ddegc', 'status']);
const INT_MAX = 0x7fffffff;

/** One column over `length` rows: absent, constant, calm, jumping by 10 kW, falling and rising without bounds, with or without gaps. */
function columnArbitrary(name: string, length: number): fc.Arbitrary<(number | null)[]> {
  const max = SMALL.has(name) ? 0x7fff : INT_MAX;
  const wide = name === 'yield_total_wh' ? Number.MAX_SAFE_INTEGER : max;
  const value = fc.oneof(
    fc.integer({ min: -100, max: 100 }),
    fc.constantFrom(0, Math.min(100_000, max), -Math.min(100_000, max)),
    fc.maxSafeInteger().map((n) => n % wide),
    fc.constantFrom(wide, -wide - (name === 'yield_total_wh' ? 0 : 1)),
  );
  const row = fc.oneof(
    value,
    value.map((v): number | null => v),
    fc.constant(null),
  );
  const mayBeNull = name === 'status' ? value : row;
  return fc.oneof(
    name === 'status'
      ? fc.constant(new Array<number>(length).fill(0))
      : fc.constant(new Array<null>(length).fill(null)),
    fc.array(mayBeNull, { minLength: length, maxLength: length }),
    fc.array(value, { minLength: length, maxLength: length }),
  );
}

function rowsArbitrary(kind: Kind): fc.Arbitrary<SampleRow[]> {
  const columns = kind === 'ac' ? AC_COLUMNS : DC_COLUMNS;
  const unit = fc.constantFrom(1, 1000, 1_000_000);
  return fc
    .tuple(
      unit,
      fc.uniqueArray(fc.integer({ min: 0, max: 7 * 86_400 - 1 }), { minLength: 0, maxLength: 40 }),
      fc.nat(999_999),
    )
    .chain(([step, seconds, below]) => {
      const times = seconds.map((s) => s * 1_000_000 + Math.floor(below / step) * step * (step === 1_000_000 ? 0 : 1));
      return fc.tuple(...columns.map((name) => columnArbitrary(name, times.length))).map((values) =>
        times.map((us, i) => ({
          channel: kind === 'ac' ? 0 : 1 + (i % 2),
          inverterId: 5 + (i % 3),
          ts: momentText(us),
          values: values.map((column) => column[i] ?? null),
        })),
      );
    });
}

describe('a packed week', () => {
  it('reads back exactly as it was, whatever was measured', async () => {
    await fc.assert(
      fc.asyncProperty(rowsArbitrary('ac'), rowsArbitrary('dc'), async (ac, dc) => {
        const { before, after } = await packed({ ac, dc });
        expect(before.ac).toHaveLength(ac.length);
        expect(after).toEqual(before);
        await db.owner((c) => c.query('TRUNCATE store.ac_packed, store.dc_packed'));
      }),
      { numRuns: 30 },
    );
  }, 120_000);

  it('holds one row per inverter, input and UTC day, and a local day of 25 hours comes whole out of two of them', async () => {
    const week = Date.parse('2026-10-19T00:00:00Z');
    // 25 October in Berlin, from 24 October 22:00 to 25 October 23:00 UTC; with samples all through the night.
    const rows = Array.from({ length: 7 * 24 * 6 }, (_, i): SampleRow => {
      const ts = new Date(week + i * 600_000).toISOString();
      return { channel: 0, inverterId: 5, ts, values: AC_COLUMNS.map((_column, c) => (c === 0 ? i * i : 0)) };
    });
    await db.owner(async (client) => {
      await client.query('SELECT store.make_partitions($1, $1)', [new Date(week)]);
      await insertRows(client, 'ac', ALICE, rows);
      await client.query('SELECT store.pack_week($1)', [new Date(week)]);
      await client.query(`SELECT set_config('app.current_user_id', '1', false)`);
      const { rows: found } = await client.query(
        `SELECT count(*)::int AS n, min(ts) AS first, max(ts) AS last FROM api.ac_sample
         WHERE (ts AT TIME ZONE 'Europe/Berlin')::date = '2026-10-25' AND day BETWEEN '2026-10-24' AND '2026-10-25'`,
      );
      expect(found).toEqual([
        { n: 25 * 6, first: new Date('2026-10-24T22:00:00Z'), last: new Date('2026-10-25T22:50:00Z') },
      ]);
      const { rows: days } = await client.query(
        'SELECT count(*)::int AS n, min(samples) AS least FROM store.ac_packed',
      );
      expect(days).toEqual([{ n: 7, least: 144 }]);
    });
  });

  it('with a single sample, and with one that has nothing but its time, keeps them', async () => {
    const empty = (ts: string, inverterId: number): SampleRow => ({
      channel: 0,
      inverterId,
      ts,
      values: AC_COLUMNS.map((name) => (name === 'status' ? 3 : null)),
    });
    const { before, after } = await packed({
      ac: [empty('2026-03-02T00:00:00.000000Z', 5), empty('2026-03-08T23:59:59.999999Z', 6)],
      dc: [],
    });
    expect(before.ac).toHaveLength(2);
    expect(after).toEqual(before);
  });

  it('adds no more bytes a row than promised, on the simulator’s jittered times', async () => {
    // The second week's growth: what an empty table and its indexes take is no row's.
    const weeks = [Date.parse('2026-06-01T00:00:00Z'), Date.parse('2026-06-08T00:00:00Z')];
    const sizes: { samples: number; bytes: number }[] = [];
    await db.owner(async (client) => {
      for (const week of weeks) {
        await client.query('SELECT store.make_partitions($1, $1)', [new Date(week)]);
        await insertRows(client, 'ac', ALICE, simulatedRows([5, 6, 7, 8, 9, 10], week, 7, 'jittered').ac);
        await client.query('SELECT store.pack_week($1)', [new Date(week)]);
        const { rows } = await client.query<{ samples: number; bytes: number }>(
          `SELECT sum(samples)::float8 AS samples, pg_total_relation_size('store.ac_packed')::float8 AS bytes FROM store.ac_packed`,
        );
        if (rows[0] !== undefined) sizes.push(rows[0]);
      }
    });
    const [first, second] = sizes as [{ samples: number; bytes: number }, { samples: number; bytes: number }];
    const bytes = (second.bytes - first.bytes) / (second.samples - first.samples);
    console.log(
      `packed ac samples, all columns, jittered: ${bytes.toFixed(1)} bytes a row (bench/storage.ts has the others)`,
    );
    expect(bytes).toBeLessThanOrEqual(15);
  }, 120_000);
});

describe('packing', () => {
  const week = new Date(WEEK);
  const oneRow: SampleRow = {
    channel: 0,
    inverterId: 5,
    ts: '2026-03-03T10:00:00.000000Z',
    values: AC_COLUMNS.map((_, i) => i),
  };

  it('starts over when a sample came while it read, and loses nothing', async () => {
    await db.owner((c) => c.query('SELECT store.make_partitions($1, $1)', [week]));
    await db.owner((c) => insertRows(c, 'ac', ALICE, [oneRow]));
    const attempt = await db.owner(async (writer) => {
      await writer.query('BEGIN');
      await insertRows(writer, 'ac', ALICE, [{ ...oneRow, ts: '2026-03-03T10:01:00.000000Z' }]);
      // Packs without the uncommitted sample, then waits for the writer.
      const packing = db.owner((c) =>
        c.query('SELECT store.pack_week($1)', [week]).then(
          () => null,
          (e: unknown) => e,
        ),
      );
      // Other files have databases on this server too.
      const waiting = `SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()`;
      await expect.poll(() => db.owner(async (c) => (await c.query(waiting)).rowCount)).toBe(1);
      await writer.query('COMMIT');
      return packing;
    });
    expect(attempt).toMatchObject({ code: '40001' });
    await db.owner((c) => c.query('SELECT store.pack_week($1)', [week]));
    expect(await db.owner((c) => readRows(c, 'ac', ALICE))).toHaveLength(2);
  });

  it('of an account is seen by nobody else, and by nobody past the view', async () => {
    await packed({ ac: [oneRow], dc: [] });
    const app = await db.pools.app.connect();
    try {
      await app.query(`SELECT set_config('app.current_user_id', '2', false)`);
      expect((await app.query('SELECT * FROM api.ac_sample')).rowCount).toBe(0);
      expect((await app.query('SELECT * FROM api.ac_sample WHERE 1 / (user_id - 1) > 0')).rowCount).toBe(0);
      await app.query(`SELECT set_config('app.current_user_id', '1', false)`);
      expect((await app.query('SELECT * FROM api.ac_sample')).rowCount).toBe(1);
      for (const table of ['ac_packed', 'dc_packed', 'ac_unpacked', 'ac_all', 'packing']) {
        await expect(app.query(`SELECT * FROM store.${table}`)).rejects.toMatchObject({ code: '42501' });
      }
      await expect(app.query('DELETE FROM api.ac_sample')).rejects.toMatchObject({
        code: expect.stringMatching(/42501|55000/),
      });
    } finally {
      await app.query(`SELECT set_config('app.current_user_id', '', false)`);
      app.release();
    }
  });

  it('refuses to drop a week when what it packed reads differently', async () => {
    await db.owner(async (client) => {
      await client.query('SELECT store.make_partitions($1, $1)', [week]);
      await insertRows(client, 'ac', ALICE, [oneRow]);
      await client.query('BEGIN');
      // A codec that is wrong by one.
      await client.query(
        `CREATE OR REPLACE FUNCTION store.deltas(readings int[]) RETURNS smallint[] LANGUAGE sql
         AS $$ SELECT array_agg((x % 1000)::smallint) FROM unnest(readings) x $$`,
      );
      await expect(client.query('SELECT store.pack_week($1)', [week])).rejects.toThrow(/values differ/);
      await client.query('ROLLBACK');
      expect(await readRows(client, 'ac', ALICE)).toHaveLength(1);
    });
  });
});
