import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statisticsRoutes } from '../../src/api/v1/statistics.ts';
import { addDays, dayBounds, localDate, monthBounds, yearBounds } from '../../src/domain/period.ts';
import type { Reading } from '../../src/domain/reading.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import { createStatisticsService } from '../../src/services/statistics.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { envelopeOf, openDtuReading } from '../support/make-reading.ts';
import { present } from '../support/present.ts';
import { memberOf, type TestApp, testApp } from '../support/test-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Whatever is asked of energy, it is a sum of the same quarter hours: on real PostgreSQL, through the door devices use. */

const NOW = new Date('2027-01-02T10:37:00Z');
const FIRST_WH = [120_000, 80_000];
const MINUTE_MS = 60_000;

/** Each with the days of its two clock changes, where it has any; all go on over New Year. */
const ZONES = {
  'Europe/Berlin': ['2026-03-29', '2026-10-25'],
  'America/St_Johns': ['2026-03-08', '2026-11-01'],
  'Asia/Kathmandu': ['2026-04-30'],
  'Pacific/Auckland': ['2026-04-05', '2026-09-27'],
} as const;
type Zone = keyof typeof ZONES;

let db: TestDatabase;
let ingest: IngestParts;
let http: TestApp;
let accounts = 0;
const plants = {} as Record<Zone, { userId: number; inverterId: number; serial: string }>;

beforeAll(async () => {
  db = await createTestDatabase();
  const settings = { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 };
  ingest = assembleIngest(db.pools, settings, createLogger('fatal'), () => NOW);
  http = await testApp([statisticsRoutes({ inverters: inverterService(), statistics: statistics(), now: () => NOW })]);
  for (const zone of Object.keys(ZONES) as Zone[]) {
    const userId = await newAccount(zone);
    const serial = `11610000${String(userId).padStart(4, '0')}`;
    plants[zone] = { userId, serial, inverterId: await add(userId, serial) };
    await send(userId, readingsOf(zone, serial));
  }
});
afterAll(async () => {
  await http.app.close();
  await ingest.drain();
  await db.drop();
});

const inverterService = () => createInverterService(db.pools.app, { isOnlyAccount: async () => true });
const statistics = () => createStatisticsService(db.pools.app);

async function newAccount(zone: string): Promise<number> {
  const { rows } = await db.owner((c) =>
    c.query<{ id: number }>(`SELECT api.insert_account($1, 'x', 'A', 'B', false, true, $2) AS id`, [
      `member${++accounts}@example.org`,
      zone,
    ]),
  );
  return present(rows[0]).id;
}

async function add(userId: number, serial: string): Promise<number> {
  const { id } = await inverterService().add(memberOf(userId), { name: serial, serial, kind: 'opendtu' }, NOW);
  ingest.resolver.invalidate();
  return id;
}

async function send(userId: number, readings: readonly Reading[]): Promise<void> {
  for (let i = 0; i < readings.length; i += 50) {
    await ingest.intake.push(userId, 'opendtu', envelopeOf(...readings.slice(i, i + 50)), NOW);
  }
}

/** Two inputs that never rest, so that the hours of the clock changes have energy too; a sample every 13 minutes. */
function readingsOf(zone: Zone, serial: string): Reading[] {
  const spans = ZONES[zone].map((day) => [dayBounds(addDays(day, -1), zone).from, dayBounds(addDays(day, 1), zone).to]);
  spans.push([dayBounds('2026-12-30', zone).from, NOW]);
  const totals = [...FIRST_WH];
  return spans.flatMap(([from, to]) => {
    const readings: Reading[] = [];
    // What was produced while nobody listened, from the last clock change to New Year.
    if (to === NOW) totals.push(...totals.splice(0).map((total) => total + 20_000));
    for (let ms = present(from).getTime(); ms < present(to).getTime(); ms += 13 * MINUTE_MS) {
      const powers = [180 + ((ms / MINUTE_MS) % 97), 90 + ((ms / MINUTE_MS) % 53)];
      powers.forEach((powerW, i) => {
        totals[i] = (totals[i] as number) + Math.round((powerW * 13) / 60);
      });
      const channels = powers.map((powerW, i) => ({
        ...present(openDtuReading(serial, NOW).channels[0]),
        channel: i + 1,
        powerW,
        energyTotalWh: totals[i] as number,
      }));
      const energyTotalWh = present(totals[0]) + present(totals[1]);
      const powerW = present(powers[0]) + present(powers[1]);
      readings.push(openDtuReading(serial, new Date(ms), { powerW, energyTotalWh, channels }));
    }
    return readings;
  });
}

const BUCKETS = ['15m', 'hour', 'day', 'month', 'year'] as const;
/** Index in an ascending list. */
function firstNotBefore(points: readonly { start: Date }[], at: Date): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (present(points[middle]).start < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
const sum = (points: readonly { energyWh: number }[]): number => points.reduce((wh, p) => wh + p.energyWh, 0);

describe.each(Object.keys(ZONES) as Zone[])('in %s', (zone) => {
  /** From the first day of anything to now. */
  const all = { from: '2026-03-01', to: NOW };
  const of = (range: object, channel = 0) => {
    const { userId, inverterId } = plants[zone];
    return statistics().energy(userId, inverterId, { ...all, bucket: 'year', ...range, channel });
  };
  const boundsOf = {
    hour: (at: Date) => {
      const from = new Date(at.getTime());
      return { from, to: new Date(from.getTime() + 60 * MINUTE_MS) };
    },
    day: (at: Date) => dayBounds(localDate(at, zone), zone),
    month: (at: Date) => monthBounds(localDate(at, zone), zone),
    year: (at: Date) => yearBounds(localDate(at, zone).slice(0, 4), zone),
  };

  it('the parts sum to the whole, at every size', async () => {
    const quarters: { start: Date; energyWh: number }[] = [];
    // A year of quarter hours is more than may be asked for at once.
    for (let from = '2026-03-01'; from < '2027-01-03'; from = addDays(from, 50)) {
      quarters.push(...(await of({ from, to: addDays(from, 50), bucket: '15m' })).points);
    }
    const { userId, inverterId } = plants[zone];
    const { energyTotalWh } = await inverterService().current(userId, inverterId, NOW);
    const firstWh = present(present(readingsOf(zone, '')[0]).energyTotalWh);
    const lifetime = present(energyTotalWh) - firstWh;
    expect(lifetime).toBeGreaterThan(10_000);
    expect(sum(quarters)).toBe(lifetime);
    for (const bucket of ['hour', 'day', 'month', 'year'] as const) {
      const range = bucket === 'hour' ? { from: '2026-07-01' } : {};
      const series = await of({ ...range, bucket });
      const expected = quarters.filter(({ start }) => bucket !== 'hour' || localDate(start, zone) >= '2026-07-01');
      expect(series).toMatchObject({ bucket, timeZone: zone, totalWh: sum(expected) });
      expect(sum(series.points)).toBe(series.totalWh);
      for (const { start, energyWh } of series.points) {
        const { from, to } = boundsOf[bucket](start);
        expect(start, bucket).toEqual(from);
        const inside = quarters.slice(firstNotBefore(quarters, from), firstNotBefore(quarters, to));
        expect(energyWh, `${bucket} of ${start.toISOString()}`).toBe(sum(inside));
      }
    }
  });

  it('the inputs sum to the inverter, bucket by bucket', async () => {
    for (const bucket of BUCKETS.slice(2)) {
      const [whole, one, two] = await Promise.all([0, 1, 2].map((channel) => of({ bucket }, channel)));
      expect(one?.points.length).toBeGreaterThan(0);
      expect(whole?.points.map((p) => p.energyWh)).toEqual(
        one?.points.map((p, i) => p.energyWh + present(two?.points[i]).energyWh),
      );
    }
  });

  it('today and this lifetime are the same figures everywhere', async () => {
    const { userId, inverterId } = plants[zone];
    const now = await inverterService().current(userId, inverterId, NOW);
    const today = await of({ from: localDate(NOW, zone), to: NOW, bucket: 'day' });
    expect(today.points).toHaveLength(1);
    expect(now.energyTodayWh).toBe(today.totalWh);
    expect(now.channels.map((c) => c.energyTodayWh)).toEqual(
      await Promise.all([1, 2].map(async (c) => (await of({ from: localDate(NOW, zone), bucket: 'day' }, c)).totalWh)),
    );
    const summary = await ask(userId, '/api/v1/summary/current');
    expect(summary.json()).toMatchObject({
      state: 'producing',
      inverter_count: 1,
      power_w: now.powerW,
      sampled_at: present(now.sampledAt).toISOString(),
      energy_today_wh: now.energyTodayWh,
      energy_total_wh: now.energyTotalWh,
      power_missing_count: 0,
      energy_missing_count: 0,
    });
    const account = await ask(userId, `/api/v1/summary/energy?bucket=year&from=2026-01-01`);
    expect(account.json()).toMatchObject({ time_zone: zone, total_wh: sum((await of({})).points) });
  });

  it('days of clock changes have 23 and 25 hours, and hours begin where the zone’s do', async () => {
    const lengths = await Promise.all(
      ZONES[zone].map(async (day) => {
        const { points } = await of({ from: day, to: addDays(day, 1), bucket: 'hour' });
        expect(points[0]?.start).toEqual(dayBounds(day, zone).from);
        return points.length;
      }),
    );
    expect(lengths.sort()).toEqual(zone === 'Asia/Kathmandu' ? [24] : [23, 25]);
    const power = await statistics().power(plants[zone].userId, plants[zone].inverterId, {
      ...dayBounds(ZONES[zone][0], zone),
      bucket: '1h',
    });
    const { points } = await of({ from: ZONES[zone][0], to: addDays(ZONES[zone][0], 1), bucket: 'hour' });
    expect(power.points.map((p) => p.time)).toEqual(points.map((p) => p.start));
  });
});

const ask = (userId: number, url: string) =>
  http.inject({ method: 'GET', url, headers: { authorization: `Bearer token-of-${userId}` } });

describe('power of quarter hours, hours and days', () => {
  it.each(['15m', '1h', '1d'] as const)('by %s is the mean and the maximum of the samples', async (bucket) => {
    const zone = 'Asia/Kathmandu';
    const { userId, inverterId } = plants[zone];
    const range = { from: dayBounds('2026-04-30', zone).from, to: dayBounds('2026-05-01', zone).to };
    for (const channel of [0, 1, 2]) {
      const raw = await statistics().power(userId, inverterId, { ...range, bucket: 'raw', channel });
      const { points } = await statistics().power(userId, inverterId, { ...range, bucket, channel, withLowest: true });
      const nextOf = points.map((_, i) => points[i + 1]?.time ?? range.to);
      expect(points.length).toBe({ '15m': 192, '1h': 48, '1d': 2 }[bucket]);
      points.forEach((point, i) => {
        const inside = raw.points.filter((p) => p.time >= point.time && p.time < present(nextOf[i]));
        expect(point.powerW).toBeCloseTo(inside.reduce((w, p) => w + p.powerW, 0) / inside.length, 6);
        expect(point.powerMaxW).toBe(Math.max(...inside.map((p) => p.powerMaxW)));
        // Of the inverter; of an input nobody asks for it.
        expect(point.powerMinW).toBe(channel === 0 ? Math.min(...inside.map((p) => p.powerW)) : undefined);
      });
    }
  });

  it('of several inverters is their sum, and a gap is a missing point', async () => {
    const userId = await newAccount('Europe/Berlin');
    const at = (minute: number) => new Date(Date.UTC(2026, 11, 31, 10, minute));
    for (const [serial, minutes] of [
      ['116199990001', [0, 5, 40]],
      ['116199990002', [1, 6]],
    ] as const) {
      await add(userId, serial);
      await send(
        userId,
        minutes.map((m) => openDtuReading(serial, at(m), { powerW: 100 + m, energyTotalWh: 1000 + m })),
      );
    }
    const url = `/api/v1/summary/power?from=${at(0).toISOString()}&to=${at(60).toISOString()}`;
    expect((await ask(userId, `${url}&bucket=15m`)).json()).toEqual({
      bucket: '15m',
      points: [
        { time: at(0).toISOString(), power_w: 102.5 + 103.5, power_max_w: 105 + 106 },
        { time: at(30).toISOString(), power_w: 140, power_max_w: 140 },
      ],
    });
    expect((await ask(userId, `${url}&bucket=1h`)).json()).toEqual({
      bucket: '1h',
      points: [{ time: at(0).toISOString(), power_w: expect.closeTo(115 + 103.5, 6), power_max_w: 105 + 106 }],
    });
    expect((await ask(userId, `${url}&bucket=raw`)).statusCode).toBe(422);
    const energy = (await ask(userId, '/api/v1/summary/energy?bucket=day&from=2026-12-31&to=2027-01-01')).json();
    expect(energy).toMatchObject({ total_wh: 40 + 5, points: [{ energy_wh: 40 + 5 }] });
  });
});

describe('power of several inverters together, by minutes', () => {
  it('has no dip where one is a little late, and nothing of who has been silent for more than ten minutes', async () => {
    const userId = await newAccount('Europe/Berlin');
    const at = (minute: number) => new Date(Date.UTC(2026, 11, 31, 10, minute));
    const ids: number[] = [];
    for (const [serial, watts, minutes] of [
      ['116199960001', 100.2, [0, 1, 7, 12, 23, 26, 55]],
      ['116199960002', 20, [2, 13, 28]],
      ['116199960003', 3, [8]],
    ] as const) {
      ids.push(await add(userId, serial));
      const readings = minutes.map((m) =>
        openDtuReading(serial, at(m), { powerW: watts + m, energyTotalWh: 1000, channels: [] }),
      );
      await send(userId, readings);
    }
    const range = { from: at(0), to: at(60) };
    const byTime = (points: readonly { time: Date; powerW: number; powerMaxW: number }[]) =>
      points.map(({ time, powerW, powerMaxW }) => [time.getUTCMinutes(), powerW, powerMaxW]);
    const both = (minute: number, watts: number): [number, number, number] => [minute, watts, watts];
    expect(byTime(await statistics().accountPower(userId, range))).toEqual([
      // By five minutes: the mean of the first's 100.2 and 101.2, and 22 of the second.
      both(0, 122.7),
      both(5, 107.2 + 22 + 11),
      both(10, 112.2 + 33 + 11),
      // The third is silent since the five minutes from 5 on.
      both(20, 123.2 + 33),
      both(25, 126.2 + 48),
      both(55, 155.2),
    ]);
    expect(byTime(await statistics().accountPower(userId, { ...range, bucket: '1m' })).slice(-5)).toEqual([
      both(13, 112.2 + 33 + 11),
      both(23, 123.2 + 33),
      both(26, 126.2),
      both(28, 126.2 + 48),
      both(55, 155.2),
    ]);
    // Those that were silent while others were told are told nothing of, read together or by themselves.
    for (const bucket of ['1m', '5m'] as const) {
      const some = ids.slice(1);
      expect(await statistics().accountPowers(userId, { ...range, bucket, some })).toEqual({
        all: await statistics().accountPower(userId, { ...range, bucket }),
        some: await statistics().accountPower(userId, { ...range, bucket, only: some }),
      });
    }
  });
});

describe('some of an account', () => {
  it('are asked for together, and of another account’s none is told', async () => {
    const userId = await newAccount('Europe/Berlin');
    const at = (minute: number) => new Date(Date.UTC(2026, 11, 31, 10, minute));
    const serials = ['116199980001', '116199980002', '116199980003'];
    const ids: number[] = [];
    for (const [i, serial] of serials.entries()) {
      ids.push(await add(userId, serial));
      const readings = [0, 10].map((m) =>
        openDtuReading(serial, at(m), { powerW: 100 * (i + 1), energyTotalWh: 1000 + m * (i + 1), channels: [] }),
      );
      await send(userId, readings);
    }
    const range = { from: at(0), to: at(60) };
    const stranger = plants['Europe/Berlin'];
    const only = [...ids.slice(1), stranger.inverterId];
    for (const bucket of ['5m', '15m', '1h'] as const) {
      const points = await statistics().accountPower(userId, { ...range, bucket, only });
      expect(points[0], bucket).toMatchObject({ time: at(0), powerW: 500 });
      expect(await statistics().accountPower(userId, { ...range, bucket, only: [stranger.inverterId] })).toEqual([]);
      const all = await statistics().accountPower(userId, { ...range, bucket });
      expect(await statistics().accountPowers(userId, { ...range, bucket, some: only }), bucket).toEqual({
        all,
        some: points,
      });
    }
    const energy = { from: '2026-12-31', to: '2027-01-01', bucket: 'day' } as const;
    expect((await statistics().energy(userId, null, { ...energy, only })).totalWh).toBe(20 + 30);
    const foreign = await statistics().energy(userId, null, { ...energy, only: [stranger.inverterId] });
    expect(foreign).toMatchObject({ totalWh: null, points: [] });
  });

  it('say when their counters told what was not believed', async () => {
    const userId = await newAccount('Europe/Berlin');
    const at = (minute: number) => new Date(Date.UTC(2026, 11, 31, 10, minute));
    const serial = '116199970001';
    const inverterId = await add(userId, serial);
    const totals = [1_000, 1_010, 2_113_405, 1_030];
    await send(
      userId,
      totals.map((energyTotalWh, i) => openDtuReading(serial, at(5 * i), { powerW: 120, energyTotalWh, channels: [] })),
    );
    const range = { from: at(0), to: at(60) };
    const told = await statistics().disbelieved(userId, [inverterId], range);
    expect(told).toEqual([{ at: at(10), inverterId, channel: 0 }]);
    expect(await statistics().disbelieved(userId, [inverterId], { from: at(11), to: at(60) })).toEqual([]);
    expect(await statistics().disbelieved(plants['Europe/Berlin'].userId, [inverterId], range)).toEqual([]);
    const { totalWh } = await statistics().energy(userId, inverterId, { ...range, bucket: '15m' });
    expect(totalWh).toBe(30);
  });
});

describe('GET /api/v1/inverters/{id}/energy', () => {
  const url = (zone: Zone, query = '') => `/api/v1/inverters/${plants[zone].inverterId}/energy${query}`;
  const get = async (query: string) => ask(plants['Europe/Berlin'].userId, url('Europe/Berlin', query));

  it('takes dates of the site’s zone or moments, from inclusive, to exclusive', async () => {
    const dates = await get('?from=2026-03-29&to=2026-03-30&bucket=hour');
    expect(dates.statusCode).toBe(200);
    const body = dates.json() as { points: { start: string }[]; total_wh: number };
    expect(body).toMatchObject({ bucket: 'hour', time_zone: 'Europe/Berlin' });
    expect(body.points).toHaveLength(23);
    expect(body.points[0]).toEqual({
      start: '2026-03-28T23:00:00.000Z',
      energy_wh: expect.any(Number) as number,
      estimated: false,
    });
    const moments = await get('?from=2026-03-29T00:00:00%2B01:00&to=2026-03-30T00:00:00%2B02:00&bucket=hour');
    expect(moments.json()).toEqual(body);
    const halves = await Promise.all(
      ['from=2026-03-29&to=2026-03-29T12:15:00Z', 'from=2026-03-29T12:15:00Z&to=2026-03-30'].map(
        async (range) => ((await get(`?${range}&bucket=hour`)).json() as { total_wh: number }).total_wh,
      ),
    );
    expect(halves.reduce((a, b) => a + b)).toBe(body.total_wh);
  });

  it('without a range means the current day, month, year, or everything', async () => {
    const starts = await Promise.all(
      ['15m', 'day', 'month', 'year'].map(async (bucket) => {
        const { points } = (await get(`?bucket=${bucket}`)).json() as { points: { start: string }[] };
        return points[0]?.start;
      }),
    );
    expect(starts).toEqual([
      '2027-01-01T23:00:00.000Z',
      '2026-12-31T23:00:00.000Z',
      '2026-12-31T23:00:00.000Z',
      '2025-12-31T23:00:00.000Z',
    ]);
  });

  it('says what was inferred over a gap', async () => {
    const { points } = (await get('?from=2026-12-29&to=2027-01-03&bucket=day')).json() as {
      points: { start: string; estimated: boolean }[];
    };
    // Between the autumn's samples and these lie two months; what the counter gained meanwhile was spread over them.
    expect(points[0]).toMatchObject({ start: '2026-12-28T23:00:00.000Z', estimated: true });
    expect(points.at(-1)).toMatchObject({ estimated: false });
  });

  it('refuses more points than anybody can see, and names what to ask for instead', async () => {
    const tooMuch = await get('?from=2026-01-01&to=2027-01-01&bucket=15m');
    expect(tooMuch.statusCode).toBe(422);
    expect(tooMuch.body).toContain('use hour or a shorter range');
    expect((await get('?from=2026-01-01&to=2027-01-01&bucket=hour')).body).toContain('use day or a shorter range');
    expect((await get('?from=1990-01-01&to=2027-01-01&bucket=day')).statusCode).toBe(200);
  });

  it.each([
    ['from=2026-02-30', ['from']],
    ['from=2026-06-01T00:00:00', ['from']],
    ['from=2027-01-01&to=2027-01-01', ['from']],
    ['bucket=1h', ['bucket']],
  ])('names the field that is wrong: %s', async (query, fields) => {
    const answer = await get(`?${query}`);
    expect(answer.statusCode).toBe(422);
    const { details } = answer.json() as { details: { fields: object } };
    expect(Object.keys(details.fields)).toEqual(fields);
  });

  it('of an inverter nothing was heard of is unknown, not 0', async () => {
    const { userId } = plants['Europe/Berlin'];
    const id = await add(userId, '116188880001');
    const answer = await ask(userId, `/api/v1/inverters/${id}/energy?bucket=day`);
    expect(answer.json()).toEqual({ bucket: 'day', time_zone: 'Europe/Berlin', total_wh: null, points: [] });
    await inverterService().remove(userId, id, NOW);
  });

  it('of another account is not there, nor are its inputs or its power', async () => {
    const stranger = plants['Asia/Kathmandu'].userId;
    const { inverterId, userId } = plants['Europe/Berlin'];
    for (const what of ['energy', 'power', 'channels/1/energy', 'channels/1/power']) {
      expect((await ask(stranger, `/api/v1/inverters/${inverterId}/${what}`)).statusCode, what).toBe(404);
      expect((await ask(userId, `/api/v1/inverters/${inverterId}/${what}`)).statusCode, what).toBe(200);
    }
    expect((await ask(userId, `/api/v1/inverters/${inverterId}/channels/9/energy`)).statusCode).toBe(422);
    const own = (await ask(stranger, '/api/v1/summary/energy?bucket=year')).json() as { total_wh: number };
    const series = await statistics().energy(stranger, plants['Asia/Kathmandu'].inverterId, {
      from: null,
      to: NOW,
      bucket: 'year',
    });
    expect(own.total_wh).toBe(series.totalWh);
  });
});
