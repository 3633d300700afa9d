import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFile } from '../../src/cli/import-file.ts';
import type { DeviceKind } from '../../src/domain/inverter.ts';
import { assembleIngest } from '../../src/ingest/assemble.ts';
import { addActiveInverter, insertAccount } from '../../src/store/owner-accounts.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { present } from '../support/present.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let db: TestDatabase;
let folder: string;
let userId: number;

beforeAll(async () => {
  db = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'deye-hard-import-'));
  userId = await db.owner((owner) => {
    const names = { passwordHash: 'x', firstName: '', lastName: '', timeZone: 'Europe/Berlin' };
    return insertAccount(owner, { ...names, email: 'anna@example.org', isAdmin: false, isVerified: true });
  });
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await db.drop();
});

let serials = 0;
async function add(kind: DeviceKind = 'other'): Promise<number> {
  const inverter = {
    kind,
    serial: String(4_000_000_000 + ++serials),
    name: 'Balkon',
    ratedPowerW: null,
    timeZone: null,
  };
  return present(await db.owner((owner) => addActiveInverter(owner, userId, inverter)));
}

let files = 0;
async function run(content: string | Buffer, args: string[], signal = new AbortController().signal) {
  const path = join(folder, `${++files}.csv`);
  await writeFile(path, content);
  const out: string[] = [];
  const err: string[] = [];
  let open = 0;
  const exit = await importFile([path, ...args], {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    stdin: Readable.from([]),
    signal,
    async openIngest() {
      open++;
      const settings = { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 };
      const ingest = assembleIngest(db.pools, settings, createLogger('fatal'));
      const close = async (): Promise<void> => {
        await ingest.drain();
        open--;
      };
      return { owner: db.owner, pool: db.pools.ingest, ingest, close };
    },
  });
  expect(open, 'left open').toBe(0);
  return { exit, out: out.join('\n'), err: err.join('\n') };
}

const DAY = Math.floor(Date.now() / 86_400_000 - 40) * 86_400_000;
const at = (minutes: number): string => new Date(DAY + minutes * 60_000).toISOString();
const ac = (inverter: number) =>
  db.owner(async (owner) => {
    const sql =
      'SELECT ts, power_dw, yield_total_wh, voltage_l2_dv FROM store.ac_all WHERE inverter_id = $1 ORDER BY ts';
    return (await owner.query<Record<string, unknown>>(sql, [inverter])).rows;
  });
const bookedWh = (inverter: number) =>
  db.owner(async (owner) => {
    const sql = 'SELECT coalesce(sum(energy_wh[1]), 0)::int AS wh FROM store.energy_15m WHERE inverter_id = $1';
    return (await owner.query<{ wh: number }>(sql, [inverter])).rows[0]?.wh;
  });

describe('deye-hard import', () => {
  it('stores a file once, with energy, inputs and phases, and passes over what it does not know', async () => {
    const id = await add();
    const content = [
      '\ufeffSampled_At,power_w,energy_total_wh,channel_2_power_w,channel_2_name,phase_2_voltage_v,weather',
      `${at(600)},100.5,1000,60,"Süd, oben",231.1,sunny`,
      `${at(605)},102,1009,,,,`,
      '',
      `${Math.floor((DAY + 610 * 60_000) / 1000)},104,1018,61,,231.3,"cloudy"`,
    ].join('\r\n');
    const first = await run(content, ['--inverter', String(id), '--json']);
    expect([first.exit, JSON.parse(first.out)]).toEqual([
      0,
      {
        ...{
          inverter_id: id,
          dry_run: false,
          read: 3,
          stored: 3,
          duplicates: 0,
          errors: 0,
          wrong: [],
          late_samples: 0,
        },
        ignored_columns: ['weather'],
      },
    ]);
    expect(await ac(id)).toEqual([
      { ts: new Date(at(600)), power_dw: 1005, yield_total_wh: 1000, voltage_l2_dv: 2311 },
      { ts: new Date(at(605)), power_dw: 1020, yield_total_wh: 1009, voltage_l2_dv: null },
      { ts: new Date(at(610)), power_dw: 1040, yield_total_wh: 1018, voltage_l2_dv: 2313 },
    ]);
    expect(await bookedWh(id)).toBe(18);
    const named = await db.owner((o) =>
      o.query('SELECT channel, device_name FROM api.channel WHERE inverter_id = $1', [id]),
    );
    expect(named.rows).toEqual([{ channel: 2, device_name: 'Süd, oben' }]);

    const again = await run(content, ['--inverter', String(id)]);
    expect([again.exit, again.out]).toEqual([0, '3 readings for Balkon: 0 stored, 3 were there already, 0 wrong.']);
    expect(again.err).toBe('Columns that mean nothing here: weather');
    expect(await bookedWh(id)).toBe(18);
  });

  it('names line and field of what is wrong, and stores the rest', async () => {
    const id = await add();
    const content = [
      'sampled_at;power_w;channel_1_power_w',
      `${at(1)};1,5;`,
      `${at(2)};viel;`,
      `${at(3)};2;heiß`,
      `${at(4).replace('Z', '')};2;`,
      `${at(5)};;`,
      `${at(6)};2;3;4`,
      '2001-01-01T00:00:00Z;2;',
      `${at(7)};3;`,
    ].join('\n');
    const expected = [
      'line 3, power_w: cannot be believed',
      'line 4, channel_1_power_w: cannot be believed',
      'line 5, sampled_at: needs an offset, e.g. +02:00 or Z',
      'line 6, reading: holds no value',
      'line 7, line: has 4 values for 3 columns',
      'line 8, sampled_at: is outside the accepted time',
    ];
    const dry = await run(content, ['--inverter', String(id), '--dry-run']);
    expect(dry).toEqual({
      exit: 1,
      err: expected.join('\n'),
      out: expect.stringContaining('2 can be stored, 6 cannot'),
    });
    expect(await ac(id)).toEqual([]);
    const real = await run(content, ['--inverter', String(id)]);
    expect([real.exit, real.err.split('\n').sort()]).toEqual([1, expected.sort()]);
    expect((await ac(id)).map(({ power_dw }) => power_dw)).toEqual([15, 30]);
  });

  it('what is older than the rest waits for the server to book it', async () => {
    const id = await add();
    const lines = (from: number): string =>
      ['sampled_at,energy_total_wh', `${at(from)},${from}`, `${at(from + 5)},${from + 10}`].join('\n');
    await run(lines(700), ['--inverter', String(id)]);
    const late = await run(lines(600), ['--inverter', String(id)]);
    expect(late.out).toContain('The energy of 2 that are older');
  });

  it('takes more than one batch', async () => {
    const id = await add();
    const lines = Array.from({ length: 2100 }, (_, i) => `${at(i)},${10 * i}`);
    const { out } = await run(['sampled_at,energy_total_wh', ...lines].join('\n'), ['--inverter', String(id)]);
    expect(out).toContain('2100 stored');
    expect(await bookedWh(id)).toBe(20_990);
  });

  it.each([
    ['', /first line must name/],
    ['time,power\n1,2', /first line must name/],
    ['sampled_at,weather\n1,2', /No column holds a value/],
    ['sampled_at,power_w,power_w\n1,2,3', /power_w: stands there twice/],
    [`sampled_at,power_w\n${new Date().toISOString()},"1\n`, /line \d: this is no CSV/],
  ])('refuses a file that is none: %j', async (content, words) => {
    const { exit, err } = await run(content, ['--inverter', String(await add())]);
    expect([exit, err]).toEqual([2, expect.stringMatching(words)]);
  });

  it('wants an inverter that is there, and a file', async () => {
    expect(await run('sampled_at,power_w', [])).toMatchObject({ exit: 2, err: expect.stringContaining('--inverter') });
    expect(await run('sampled_at,power_w', ['--inverter', '999999'])).toMatchObject({
      exit: 1,
      err: 'There is no inverter 999999.',
    });
  });
});
