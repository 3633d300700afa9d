/**
 * The collected OpenDTU cases as a device would have them: over HTTP, with keys, against a real database. A verdict for each is printed.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deviceEndpoints } from '../../src/api/index.ts';
import { apiKeyHint, hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import { SAMPLE_STATUS } from '../../src/domain/sample-status.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { type ApiKeys, createApiKeys } from '../../src/services/api-keys.ts';
import { addActiveInverter, insertAccount, insertApiKeyFor } from '../../src/store/owner-accounts.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { failLoudly } from '../support/fail-loudly.ts';
import { earlier, type OpenDtuBody, type OpenDtuCase, openDtuCases } from '../support/opendtu-vectors.ts';
import { present } from '../support/present.ts';
import { type TestApp, testApp } from '../support/test-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const cases = openDtuCases();
if (cases === null) console.warn('skipped: no ../shared/vectors/opendtu-push.json beside this repository');

let database: TestDatabase;
let ingest: IngestParts;
let keys: ApiKeys;
let http: TestApp;
let now: Date;
const table: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const clock = (): Date => now;
  const settings = { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 };
  ingest = assembleIngest(database.pools, settings, createLogger('fatal'), clock);
  keys = createApiKeys({ ...database, onError: failLoudly });
  http = await testApp([deviceEndpoints({ ingest: ingest.intake, now: clock })], { apiKeys: keys, now: clock });
});
afterAll(async () => {
  console.info(table.join('\n'));
  await http.app.close();
  await keys.settled();
  await ingest.drain();
  await database.drop();
});

/** The people of one case, with accounts and keys of their own, so that no case meets another's rows. */
async function settle({ id, given }: OpenDtuCase): Promise<{ alice: number; keyOf: Map<string, string> }> {
  const keyOf = new Map<string, string>();
  const alice = await database.owner(async (owner) => {
    const users = new Map<string, number>();
    for (const [sent, name] of Object.entries(given.keys)) {
      const names = { passwordHash: 'x', firstName: '', lastName: '', timeZone: 'Europe/Berlin' };
      const email = `${name}-${id}@example.org`;
      const userId = await insertAccount(owner, { ...names, email, isAdmin: false, isVerified: true });
      const key = newApiKey();
      const facts = { name, scope: 'ingest' as const, hash: hashApiKey(key), hint: apiKeyHint(key) };
      await insertApiKeyFor(owner, userId, { ...facts, createdAt: now, expiresAt: null });
      users.set(name, userId);
      keyOf.set(sent, key);
    }
    for (const [serial, name] of Object.entries(given.registered)) {
      const inverter = { kind: 'opendtu' as const, serial, name: serial, ratedPowerW: null, timeZone: null };
      await addActiveInverter(owner, present(users.get(name)), inverter);
    }
    return present(users.get('alice'));
  });
  ingest.resolver.invalidate();
  return { alice, keyOf };
}

function send({ path, headers, raw_body }: OpenDtuCase['request'], keyOf: Map<string, string>, body?: OpenDtuBody) {
  const sent = Object.entries(headers).map(([name, value]) => {
    const word = value.replace(/^Bearer /, '');
    return [name, value.replace(word, keyOf.get(word) ?? word)] as const;
  });
  const payload = raw_body ?? JSON.stringify(body);
  return http.inject({ method: 'POST', url: path, headers: Object.fromEntries(sent), payload });
}

/** What came before, where a case says so. */
async function precede({ given, request }: OpenDtuCase, keyOf: Map<string, string>): Promise<void> {
  const body = request.body as OpenDtuBody;
  const push = async (before: OpenDtuBody): Promise<void> => {
    expect((await send(request, keyOf, before)).statusCode).toBe(201);
  };
  const { previous = {} } = given;
  if (previous['same_body_already_stored'] === true) await push(body);
  else if (previous['newest_time'] !== undefined) await push(earlier(body, -40 * 60));
  else if (previous['yield_day_wh'] !== undefined) {
    // The day until then: from the morning's counters to those of the case.
    const perChannel = [337, 396, 405, 351];
    await push(earlier(body, 10 * 3600, (i) => perChannel[i] ?? 0));
    await push(earlier(body, 60));
  } else if (previous['yield_total_kwh'] !== undefined) {
    const real = [444.671, 608.912, 823.377, 740.498];
    for (const seconds of [120, 60]) {
      const before = earlier(body, seconds);
      for (const [i, channel] of present(before.inverters[0]).dc_channels?.entries() ?? []) {
        channel.yield_total = present(real[i]);
      }
      await push(before);
    }
  }
}

interface AcRow {
  inverter_id: number;
  ts: Date;
  power_dw: number | null;
  voltage_dv: number | null;
  yield_day_wh: number | null;
  yield_total_wh: number | null;
  status: number;
}

/** Everything stored for the account, in the order of the push. */
async function stored(alice: number, body: OpenDtuBody | undefined) {
  return database.owner(async (owner) => {
    const of = async <T>(sql: string): Promise<T[]> => (await owner.query(sql, [alice])).rows as T[];
    const inverters = await of<{ id: number; serial: string }>(
      'SELECT id, serial FROM api.inverter WHERE user_id = $1',
    );
    const order = (body?.inverters ?? []).map((one) => String((one as { serial?: unknown }).serial).toLowerCase());
    const rank = ({ inverter_id }: AcRow): number =>
      order.indexOf(present(inverters.find(({ id }) => id === inverter_id)).serial);
    const ac = await of<AcRow>('SELECT * FROM store.ac_all WHERE user_id = $1');
    const energy = await of<{ ts: Date; wh: number }>(
      'SELECT ts, energy_wh[1]::int AS wh FROM store.energy_15m WHERE user_id = $1',
    );
    return {
      ac: ac.sort((a, b) => rank(a) - rank(b) || b.ts.getTime() - a.ts.getTime()),
      dc: await of<{ channel: number; ts: Date; power_dw: number | null }>(
        'SELECT * FROM store.dc_all WHERE user_id = $1 ORDER BY ts DESC, channel',
      ),
      dayWh: (day: string) =>
        energy
          .filter(({ ts }) => ts.toLocaleDateString('sv', { timeZone: 'Europe/Berlin' }) === day)
          .reduce((sum, { wh }) => sum + (wh ?? 0), 0),
      bookedWh: energy.reduce((sum, { wh }) => sum + (wh ?? 0), 0),
      events: (await of<{ kind: string }>('SELECT kind FROM api.quality_event WHERE user_id = $1')).map((e) => e.kind),
      pending: (await of<{ serial: string }>('SELECT serial FROM api.pending_device WHERE user_id = $1')).map(
        (p) => p.serial,
      ),
      gateways: await of<{ last_seen_at: Date }>('SELECT last_seen_at FROM api.gateway WHERE user_id = $1'),
    };
  });
}

type Stored = Awaited<ReturnType<typeof stored>>;
const tenths = (value: number | null | undefined): number | null => (value == null ? null : value / 10);

/** What a case calls a stored value, and where it stands. `unchanged` and the sums compare with the state before the push. */
const STORED: Record<string, (after: Stored, before: Stored) => unknown> = {
  inverter_rows: (after, before) => after.ac.length - before.ac.length,
  channel_rows: (after, before) => after.dc.length - before.dc.length,
  inverter_rows_total: ({ ac }) => ac.length,
  channel_rows_total: ({ dc }) => dc.length,
  power_ac_w: ({ ac: [first] }) => tenths(first?.power_dw),
  voltage_ac_v: ({ ac: [first] }) => tenths(first?.voltage_dv),
  yield_day_wh: ({ ac: [first] }) => first?.yield_day_wh,
  yield_total_kwh: ({ ac: [first] }) => (first?.yield_total_wh == null ? null : first.yield_total_wh / 1000),
  reachable: ({ ac: [first] }) => ((first?.status ?? 0) & SAMPLE_STATUS.unreachable) === 0,
  channel_power: ({ dc }) => dc.map(({ power_dw }) => tenths(power_dw)),
  time: ({ ac: [first] }) => first?.ts.toISOString().replace('.000Z', 'Z'),
  live: ({ ac }) => ac.filter(({ status }) => (status & SAMPLE_STATUS.stale) === 0).length,
  second_power: ({ ac: [, second] }) => tenths(second?.power_dw),
  inverter_row: ({ ac }) => (ac.length === 0 ? 'none (all zero, never polled)' : 'one'),
  energy_added_wh: (after, before) => after.bookedWh - before.bookedWh,
};

const STATUS_FLAG: Readonly<Record<string, number>> = {
  unreachable: SAMPLE_STATUS.unreachable,
  stale: SAMPLE_STATUS.stale,
  clock_untrusted: SAMPLE_STATUS.clockNotTrusted,
  never_polled: SAMPLE_STATUS.neverPolled,
};

function checkStored(expected: OpenDtuCase['expected'], after: Stored, before: Stored): void {
  for (const [key, value] of Object.entries(expected.stored ?? {})) {
    if (key.startsWith('day_energy_wh')) checkDay(key, value, after);
    // The raw figure of the device is kept; what must not change is the energy that is told (`energy_added_wh`).
    else if (value === 'unchanged') expect(after.bookedWh, key).toBe(before.bookedWh);
    else expect(present(STORED[key])(after, before), key).toEqual(value);
  }
  const second = { ...after, ac: after.ac.slice(1) };
  for (const [key, value] of Object.entries(expected.second ?? {})) {
    expect(present(STORED[key])(second, before), `second ${key}`).toEqual(value);
  }
}

function checkDay(key: string, value: unknown, after: Stored): void {
  const day = /\d{4}-\d\d-\d\d$/.exec(key)?.[0] ?? '2025-10-19';
  if (typeof value === 'number') expect(after.dayWh(day), key).toBe(value);
  else expect(after.dayWh(day), key).toBeGreaterThanOrEqual(Number(String(value).replace('>= ', '')));
}

function checkFlags({ flags = [] }: OpenDtuCase['expected'], { ac, events }: Stored): void {
  for (const said of flags) {
    const row = said.startsWith('second: ') ? ac[1] : ac[0];
    for (const flag of said.replace('second: ', '').split(', ')) {
      if (flag === 'counter_jump') expect(events).toContain('quarantined');
      // Without a sample there is nothing to flag.
      else if (row !== undefined) expect((row.status & present(STATUS_FLAG[flag])) !== 0, flag).toBe(true);
      if (flag === 'clock_untrusted' && row !== undefined) expect(events).toContain('clock_unset');
    }
  }
  if (flags.length === 0) return;
  const known = flags.flatMap((said) => said.replace('second: ', '').split(', '));
  const unexpected = Object.keys(STATUS_FLAG).filter((f) => !known.includes(f) && f !== 'unreachable');
  for (const flag of unexpected) {
    const bit = present(STATUS_FLAG[flag]);
    expect((present(ac[0] ?? { status: 0 }).status & bit) !== 0, `not ${flag}`).toBe(false);
  }
}

/** The verdict: `ok`, or which of the other defensible outcomes it was. */
async function judge(each: OpenDtuCase): Promise<string> {
  now = new Date(each.given.server_clock);
  const { request, expected } = each;
  const { alice, keyOf } = await settle(each);
  await precede(each, keyOf);
  await ingest.notes.settled();
  const before = await stored(alice, request.body);
  const answer = await send(request, keyOf, request.body);
  await ingest.notes.settled();
  const after = await stored(alice, request.body);

  // An unbelievable field is stored as unknown and flagged; the reading is kept.
  const isNulled = expected.acceptable_alternatives?.some((a) => String(a).startsWith('201 with the field')) ?? false;
  if (isNulled) {
    expect(answer.statusCode).toBe(201);
    expect(after.ac.map(({ power_dw }) => tenths(power_dw))).toEqual([null, 212.4]);
    expect(present(after.ac[0]).status & SAMPLE_STATUS.valueRejected).not.toBe(0);
    return `ok (${answer.statusCode}: the field is stored as unknown, flagged)`;
  }
  expect(answer.statusCode).toBe(expected.http_status);
  const { http_status, results = [], success_count, error_count, total_inverters } = expected;
  const counts = { success_count, error_count, total_inverters };
  const given = Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined));
  if (http_status < 300) {
    expect(answer.json()).toMatchObject({ ...given, results: results.length > 0 ? results : expect.any(Array) });
    const told = (answer.json() as { results: { stale?: boolean }[] }).results.map(({ stale }) => stale ?? false);
    if (results.length > 0) expect(told).toEqual(results.map(({ stale }) => stale ?? false));
  } else {
    expect(answer.json()).toMatchObject({ ...given, error: expect.any(String) });
    expect(after.ac).toEqual([]);
  }
  expect(Buffer.byteLength(answer.body)).toBeLessThan(1024);
  checkStored(expected, after, before);
  checkFlags(expected, after);
  expect(after.pending).toEqual(expected.side_effect === undefined ? [] : ['999999999999']);
  if (http_status < 300) expect(after.gateways[0]?.last_seen_at).toEqual(now);
  return `ok (${answer.statusCode})`;
}

describe.skipIf(cases === null)('the collected cases over HTTP', () => {
  test.each((cases ?? []).map((each): [string, OpenDtuCase] => [each.id, each]))('%s', async (id, each) => {
    table.push(`${id.padEnd(34)} FAILED`);
    const verdict = await judge(each);
    table[table.length - 1] = `${id.padEnd(34)} ${verdict}`;
  });
});

describe('a Victron bridge', () => {
  const charger = (secondsAgo: number, changes: object = {}) => ({
    timestamp: new Date(now.getTime() - secondsAgo * 1000).toISOString(),
    cerbo_serial: 'c0619ab35133',
    devices: [
      {
        ...{ device_instance: 279, serial: 'HQ2132ABCDE', name: 'Scheune', product_name: 'BlueSolar', reachable: true },
        ...{ producing: false, last_update: Math.floor(now.getTime() / 1000) - secondsAgo },
        ...{
          yield_power_w: 348.09,
          yield_total_kwh: 6515.43,
          trackers: [{ tracker: 0, voltage: 98.42, power: 348.09 }],
        },
        ...changes,
      },
    ],
  });

  test('is stored with its decimals; its day is what its totals gained, and a total of 0 is a missing one', async () => {
    now = new Date('2026-06-21T10:00:00Z');
    const given = { server_clock: '', keys: { K: 'alice' }, registered: {} };
    const { alice, keyOf } = await settle({
      id: 'victron',
      given,
      request: { path: '', headers: {} },
      expected: { http_status: 201 },
    });
    await database.owner((owner) =>
      addActiveInverter(owner, alice, {
        kind: 'victron',
        serial: 'hq2132abcde',
        name: 'MPPT',
        ratedPowerW: null,
        timeZone: null,
      }),
    );
    ingest.resolver.invalidate();
    const push = async (body: object) => {
      const headers = { 'x-api-key': present(keyOf.get('K')) };
      return http.inject({ method: 'POST', url: '/api/victron/measurements', headers, payload: body });
    };
    const totals = [6515.43, 6515.45, 0, 6515.48];
    for (const [i, yield_total_kwh] of totals.entries()) {
      const answer = await push(charger(600 - i * 120, { yield_total_kwh }));
      expect([answer.statusCode, answer.json()]).toMatchObject([
        201,
        { total_devices: 1, results: [{ device_identifier: 'HQ2132ABCDE', status: 'ok', yield_power_w: 348 }] },
      ]);
    }
    const { ac, dc, dayWh } = await stored(alice, undefined);
    expect(ac.map(({ power_dw, yield_total_wh }) => [power_dw, yield_total_wh])).toEqual([
      [3481, 6_515_480],
      [3481, null],
      [3481, 6_515_450],
      [3481, 6_515_430],
    ]);
    expect(dc).toHaveLength(4);
    expect(dayWh('2026-06-21')).toBe(50);
    // What the bridge calls a charger whose serial it could not read is nobody's.
    const unread = await push(charger(0, { serial: 'UNKNOWN' }));
    expect([unread.statusCode, unread.json()]).toMatchObject([422, { error: 'invalid_input', error_count: 1 }]);
  });
});
