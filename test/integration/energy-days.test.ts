import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asTenant, inTransaction } from '../../src/db/as-tenant.ts';
import type { Database } from '../../src/db/database.ts';
import { addDays, dayBounds, localDate, startsOf } from '../../src/domain/period.ts';
import type { EnergyBucket } from '../../src/services/services.ts';
import { createStatisticsService } from '../../src/services/statistics.ts';
import { Random } from '../../src/simulate/random.ts';
import { replaceQuarters } from '../../src/store/recompute.ts';
import { book, type EnergyDelta, lockCounters } from '../../src/store/samples.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { keepDays } from '../../src/worker/jobs/keep-days.ts';
import { purgeInverters } from '../../src/worker/jobs/purge-inverters.ts';
import { keepDaysOf } from '../../src/worker/keep-days.ts';
import { makeRoom } from '../support/cold-weeks.ts';
import { present } from '../support/present.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Days are kept as sums, but whatever is asked is what the quarter hours come to, at every moment: on real PostgreSQL. */

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
/** Over the clock changes of spring in Europe and of autumn in the south. */
const FIRST = Date.parse('2026-03-20T00:00Z');
const NOW = Date.parse('2026-05-10T13:20Z');
/** Whole hours, half an hour, 45 minutes, a clock change of half an hour, midnights that do not exist. */
const ZONES = ['Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Africa/Cairo'];

interface Plant {
  userId: number;
  inverterIds: number[];
}

let db: TestDatabase;
let accounts = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  await db.owner((c) => makeRoom(c, new Date(FIRST), new Date(NOW)));
});
afterAll(() => db.drop());

const database = () => ({ owner: db.owner }) as unknown as Database;
const statistics = () => createStatisticsService(db.pools.app);
const keep = (now: number): Promise<void> =>
  keepDays.run({ database: database(), settings: {} as never, log: createLogger('fatal'), now: new Date(now) });

async function newPlant(zone: string, inverters: number): Promise<Plant> {
  return db.owner(async (c) => {
    const account = await c.query<{ id: number }>(
      `SELECT api.insert_account($1, 'x', 'A', 'B', false, true, $2) AS id`,
      [`member${++accounts}@example.org`, zone],
    );
    const userId = present(account.rows[0]).id;
    const added = await c.query<{ id: number }>(
      `INSERT INTO api.inverter (user_id, site_id, kind, serial, name)
       SELECT $1, (SELECT id FROM api.site WHERE user_id = $1), 'opendtu', 'days' || n, 'Dach' FROM generate_series(1, $2) n RETURNING id`,
      [userId, inverters],
    );
    return { userId, inverterIds: added.rows.map((row) => row.id) };
  });
}

/** A quarter hour with one to three values, some of them unknown. */
function quarter(random: Random, userId: number, inverterId: number, ms: number): EnergyDelta {
  const channels = random.integer(1, 3);
  const some = (of: () => number, isKnown = () => random.next() > 0.2) =>
    Array.from({ length: channels }, () => (isKnown() ? of() : null));
  return {
    userId,
    inverterId,
    quarterStart: new Date(Math.floor(ms / QUARTER_MS) * QUARTER_MS),
    energyWh: some(() => random.integer(0, 400)),
    estimatedWh: some(() => (random.next() > 0.9 ? 20 : 0)),
    ...power(random, channels),
  };
}

function power(random: Random, channels: number): Pick<EnergyDelta, 'powerSumDw' | 'powerCount' | 'powerMaxDw'> {
  const rows = Array.from({ length: channels }, () => {
    const count = random.integer(0, 15);
    return { count, max: count === 0 ? null : random.integer(0, 16_000) };
  });
  return {
    powerSumDw: rows.map(({ count, max }) => count * Math.floor((max ?? 0) * 0.7)),
    powerCount: rows.map((row) => row.count),
    powerMaxDw: rows.map((row) => row.max),
  };
}

async function bookQuarters({ userId, inverterIds }: Plant, energy: readonly EnergyDelta[]): Promise<void> {
  await inTransaction(db.pools.ingest, async (tx) => {
    const counters = await lockCounters(
      tx,
      inverterIds.map((inverterId) => ({ userId, inverterId })),
    );
    const nothing = { firstGoodWh: [], bookedWh: [], counterWh: [], intervalS: null };
    const unchanged = counters.map((counter) => ({ ...counter, ...nothing }));
    await book(tx, unchanged, energy, []);
  });
}

interface Quarter {
  inverter_id: number;
  ts: Date;
  energy_wh: (number | null)[];
  estimated_wh: (number | null)[];
  power_sum_dw: (number | null)[];
  power_count: (number | null)[];
  power_max_dw: (number | null)[];
}

async function quartersOf(inverterIds: readonly number[]): Promise<Quarter[]> {
  const { rows } = await db.owner((c) =>
    c.query<Quarter>('SELECT * FROM store.energy_15m WHERE inverter_id = ANY ($1)', [inverterIds]),
  );
  return rows;
}

const known = (values: readonly (number | null | undefined)[]) =>
  values.filter((v): v is number => (v ?? null) !== null);
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** The rows of each bucket, of those that have any. */
function byBucket(rows: readonly Quarter[], unit: 'day' | 'month' | 'year', from: Date, to: Date, zone: string) {
  const buckets = startsOf(unit, { from, to }, zone).map((start) => ({ start, rows: [] as Quarter[] }));
  for (const row of rows) {
    if (row.ts >= from && row.ts < to) present(buckets.findLast(({ start }) => start <= row.ts)).rows.push(row);
  }
  return buckets;
}

function energyOf(
  rows: readonly Quarter[],
  ...of: [EnergyBucket & ('day' | 'month' | 'year'), Date, Date, string, number]
) {
  const [unit, from, to, zone, channel] = of;
  return byBucket(rows, unit, from, to, zone).flatMap(({ start, rows: inside }) => {
    const wh = known(inside.map((row) => row.energy_wh[channel]));
    if (wh.length === 0) return [];
    const estimatedWh = sum(known(inside.map((row) => row.estimated_wh[channel])));
    return [{ start, energyWh: sum(wh), estimated: estimatedWh > 0, estimatedWh }];
  });
}

/** Of several inverters the sum of their means, and the highest of the sums of their maxima in a quarter hour. */
function powerOf(rows: readonly Quarter[], from: Date, to: Date, zone: string, channel: number) {
  return byBucket(rows, 'day', from, to, zone).flatMap(({ start, rows: inside }) => {
    const measured = inside.filter((row) => (row.power_count[channel] ?? 0) > 0);
    if (measured.length === 0) return [];
    const means = grouped(measured, (row) => row.inverter_id).map((own) => {
      const total = sum(known(own.map((row) => row.power_sum_dw[channel])));
      return total / sum(known(own.map((row) => row.power_count[channel])));
    });
    const maxima = grouped(measured, (row) => row.ts.getTime()).map((at) =>
      sum(known(at.map((row) => row.power_max_dw[channel]))),
    );
    return [{ time: start, powerW: sum(means) / 10, powerMaxW: Math.max(...maxima) / 10 }];
  });
}

function grouped<T>(rows: readonly T[], key: (row: T) => number): T[][] {
  const groups = new Map<number, T[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return [...groups.values()];
}

const UNITS = ['day', 'month', 'year'] as const;

/** Whole days, moments somewhere in a day, and everything. */
function someRange(random: Random, zone: string): { from: Date; to: Date } {
  const moment = () => FIRST + random.integer(-2 * DAY_MS, NOW - FIRST + DAY_MS);
  const [a, b] = [moment(), moment()].sort((x, y) => x - y) as [number, number];
  const midnight = (ms: number) => dayBounds(localDate(ms, zone), zone).from;
  return random.pick([
    { from: midnight(a), to: new Date(midnight(b).getTime() + DAY_MS) },
    { from: midnight(a), to: dayBounds(addDays(localDate(b, zone), 1), zone).from },
    { from: new Date(a), to: new Date(b + 1) },
    { from: new Date(FIRST - 40 * DAY_MS), to: new Date(NOW) },
  ]);
}

/** Whatever is asked, of one inverter, an input or all, is the sum of the quarter hours. */
async function expectSameAsQuarters(random: Random, { userId, inverterIds }: Plant, zone: string): Promise<void> {
  for (const one of [present(inverterIds[0]), null]) {
    const rows = await quartersOf(one === null ? inverterIds : [one]);
    const { from, to } = someRange(random, zone);
    const channel = one === null ? 0 : random.integer(0, 2);
    const about = `inverter ${one}, channel ${channel}, ${from.toISOString()} to ${to.toISOString()}`;
    for (const bucket of UNITS) {
      const { points, totalWh } = await statistics().energy(userId, one, { from, to, bucket, channel });
      const expected = energyOf(rows, bucket, from, to, zone, channel);
      expect(points, `${bucket}: ${about}`).toEqual(expected);
      expect(totalWh).toBe(expected.length === 0 ? null : sum(expected.map((p) => p.energyWh)));
    }
    const range = { from: new Date(Math.max(from.getTime(), FIRST - 5 * DAY_MS)), to, bucket: '1d' as const, channel };
    const { points } =
      one === null
        ? { points: await statistics().accountPower(userId, range) }
        : await statistics().power(userId, one, range);
    const expected = powerOf(rows, range.from, to, zone, channel);
    expect(points.map((p) => p.time)).toEqual(expected.map((p) => p.time));
    expect(points.map((p) => p.powerMaxW)).toEqual(expected.map((p) => p.powerMaxW));
    points.forEach((p, i) => {
      expect(p.powerW).toBeCloseTo(present(expected[i]).powerW, 6);
    });
  }
}

describe('energy by day, month and year is what its quarter hours come to', () => {
  it.each(ZONES.map((zone, seed) => ({ zone, seed })))(
    'in $zone: bookings in time and late ones, rebuilt ranges, other zones, and the job at any moment',
    async ({ zone: first, seed }) => {
      const random = new Random(seed);
      const plant = await newPlant(first, 2);
      let zone = first;
      let now = FIRST;
      // Of one inverter or of both, for both together are another figure.
      const some = (from: number, to: number, count: number) =>
        Array.from({ length: count }, () => {
          const at = random.integer(from, to);
          const whose = random.next() > 0.5 ? plant.inverterIds : [random.pick(plant.inverterIds)];
          return whose.map((inverterId) => quarter(random, plant.userId, inverterId, at));
        }).flat();
      const distinct = (rows: EnergyDelta[]) => [
        ...new Map(rows.map((row) => [`${row.inverterId} ${row.quarterStart.getTime()}`, row])).values(),
      ];
      const acts = {
        booked: async () => {
          const before = now;
          now = Math.min(NOW, now + random.integer(0, 8 * DAY_MS));
          await bookQuarters(plant, distinct(some(before, now, 60)));
        },
        late: () => bookQuarters(plant, distinct(some(FIRST, now, random.integer(1, 3)))),
        rebuilt: async () => {
          const inverterId = random.pick(plant.inverterIds);
          const rows = (await quartersOf([inverterId])).map((row) => row.ts);
          if (rows.length === 0) return;
          const key = { userId: plant.userId, inverterId };
          const put = quarter(random, plant.userId, inverterId, random.pick(rows).getTime());
          await db.owner((c) => replaceQuarters(c, key, [random.pick(rows), put.quarterStart], [put]));
        },
        moved: async () => {
          zone = random.pick(ZONES);
          await db.owner((c) => c.query('UPDATE api.site SET time_zone = $2 WHERE user_id = $1', [plant.userId, zone]));
        },
        kept: async () => {
          const at = new Date(now + random.integer(0, 2 * DAY_MS));
          for (const inverterId of plant.inverterIds)
            await keepDaysOf(database(), { userId: plant.userId, inverterId }, at);
        },
        both: async () => {
          await Promise.all([acts.kept(), acts.late(), acts.booked()]);
        },
      };
      const order = ['booked', 'kept', 'late', 'booked', 'both', 'rebuilt', 'kept', 'moved'] as const;
      for (let n = 0; n < 14; n++) {
        await acts[present(n < order.length ? order[n] : random.pick(order))]();
        await expectSameAsQuarters(random, plant, zone);
      }
    },
  );
});

describe('what several inverters reached together', () => {
  it('is the highest sum of a quarter hour, whichever of them has its days kept, also in the night the clocks change', async () => {
    const plant = await newPlant('Europe/Berlin', 2);
    const [first, second] = plant.inverterIds as [number, number];
    const from = dayBounds('2026-03-28', 'Europe/Berlin').from;
    const to = dayBounds('2026-03-31', 'Europe/Berlin').from;
    const random = new Random(7);
    const quarters = (to.getTime() - from.getTime()) / QUARTER_MS;
    const each = Array.from({ length: quarters }, (_, n) =>
      plant.inverterIds.map((id) => quarter(random, plant.userId, id, from.getTime() + n * QUARTER_MS)),
    ).flat();
    await bookQuarters(plant, each);
    const expectHighest = async () => {
      const expected = powerOf(await quartersOf(plant.inverterIds), from, to, 'Europe/Berlin', 0);
      const points = await statistics().accountPower(plant.userId, { from, to, bucket: '1d' });
      expect(points.map((p) => [p.time, p.powerMaxW])).toEqual(expected.map((p) => [p.time, p.powerMaxW]));
      expect(points).toHaveLength(3);
    };
    await expectHighest();
    await keepDaysOf(database(), { userId: plant.userId, inverterId: first }, new Date(NOW));
    await expectHighest();
    await keepDaysOf(database(), { userId: plant.userId, inverterId: second }, new Date(NOW));
    await expectHighest();
    await bookQuarters(plant, [quarter(random, plant.userId, first, from.getTime() + 90 * QUARTER_MS)]);
    await expectHighest();
  });
});

describe('what is kept by day', () => {
  let plant: Plant;
  let inverterId: number;
  beforeAll(async () => {
    plant = await newPlant('Europe/Berlin', 1);
    inverterId = present(plant.inverterIds[0]);
    const each = Array.from({ length: 40 * 24 }, (_, hour) => ({
      ...quarter(new Random(hour), plant.userId, inverterId, FIRST + hour * 3_600_000),
      energyWh: [10],
      estimatedWh: [0],
    }));
    await bookQuarters(plant, each);
    await keep(FIRST + 40 * DAY_MS);
  });

  const byDay = async () =>
    (
      await statistics().energy(plant.userId, inverterId, {
        from: '2026-04-01',
        to: '2026-04-11',
        bucket: 'day',
      })
    ).points.map((p) => p.energyWh);
  /** What nobody does; to see what a figure comes from. */
  const spoil = (day: string, wh: number) =>
    db.owner((c) =>
      c.query('UPDATE store.energy_day SET energy_wh[1] = $3 WHERE inverter_id = $1 AND ts = $2', [
        inverterId,
        dayBounds(day, 'Europe/Berlin').from,
        wh,
      ]),
    );
  const boundary = async () =>
    (await db.owner((c) => c.query('SELECT days_until FROM store.counter WHERE inverter_id = $1', [inverterId])))
      .rows[0]?.days_until;

  it('is read instead of the quarter hours up to the last midnight a day ago, and not behind what was booked since', async () => {
    expect(await boundary()).toEqual(new Date('2026-04-27T22:00Z'));
    await spoil('2026-04-05', 1_000_000);
    expect(await byDay()).toEqual([240, 240, 240, 240, 1_000_000, 240, 240, 240, 240, 240]);
    const late = quarter(new Random(1), plant.userId, inverterId, Date.parse('2026-04-05T21:45Z'));
    await bookQuarters(plant, [{ ...late, energyWh: [5] }]);
    expect(await boundary()).toEqual(new Date('2026-04-05T21:45Z'));
    expect(await byDay()).toEqual([240, 240, 240, 240, 245, 240, 240, 240, 240, 240]);
  });

  it('is summed anew from there by the next run of the job', async () => {
    await spoil('2026-04-08', 1_000_000);
    await spoil('2026-04-04', 7);
    await keep(FIRST + 40 * DAY_MS);
    expect(await boundary()).toEqual(new Date('2026-04-27T22:00Z'));
    expect(await byDay()).toEqual([240, 240, 240, 7, 245, 240, 240, 240, 240, 240]);
  });

  it('counts for nobody while its midnights are others’', async () => {
    await db.owner((c) =>
      c.query(`UPDATE store.counter SET days_zone = 'Europe/Berlin 1999z' WHERE inverter_id = $1`, [inverterId]),
    );
    expect(await byDay()).toEqual([240, 240, 240, 240, 245, 240, 240, 240, 240, 240]);
    await keep(FIRST + 40 * DAY_MS);
    await spoil('2026-04-04', 7);
    expect(await byDay()).toEqual([240, 240, 240, 7, 245, 240, 240, 240, 240, 240]);
  });

  it('goes with its inverter', async () => {
    await asTenant(db.pools.app, plant.userId, (tx) => tx.query('SELECT api.remove_inverter($1)', [inverterId]));
    await purgeInverters.run({
      database: database(),
      settings: {} as never,
      log: createLogger('fatal'),
      now: new Date(),
    });
    await keep(NOW);
    const { rowCount } = await db.owner((c) =>
      c.query('SELECT FROM store.energy_day WHERE inverter_id = $1', [inverterId]),
    );
    expect(rowCount).toBe(0);
  });
});
