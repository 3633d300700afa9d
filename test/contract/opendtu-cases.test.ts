/**
 * The collected OpenDTU payload cases (`opendtu-push.json`, kept beside this repository and not in it), as far as decoding decides
 * them: stored values, times, flags, errors of one inverter, unusable envelopes. Keys, tenants, counters' history and idempotency
 * need the server and its database; they are listed as such, so that nobody takes them for tested here.
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import type { Reading } from '../../src/domain/reading.ts';
import { opendtu } from '../../src/protocols/opendtu/index.ts';
import type { PushItem } from '../../src/protocols/protocol.ts';

interface Case {
  id: string;
  category: string;
  given: { server_clock: string };
  request: { body?: unknown; raw_body?: string };
  expected: {
    http_status: number;
    acceptable_alternatives?: unknown[];
    success_count?: number;
    total_inverters?: number;
    results?: { serial: string; status: string; power_ac?: number; error?: string; stale?: boolean }[];
    stored?: Record<string, unknown>;
    second?: Record<string, unknown>;
    flags?: string[];
    [more: string]: unknown;
  };
}

const CASES_FILE = new URL('../../../shared/vectors/opendtu-push.json', import.meta.url);

function loadCases(): Case[] {
  try {
    return (JSON.parse(readFileSync(CASES_FILE, 'utf8')) as { cases: Case[] }).cases;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    console.warn(
      'skipped: no ../shared/vectors/opendtu-push.json beside this repository; only the hand-made payloads are checked',
    );
    return [];
  }
}

type Decoded = Extract<PushItem, { ok: true }>;
const usable = (items: readonly PushItem[]): Decoded[] => items.filter((item) => item.ok);
const isNothing = (reading: Reading) => reading.flags.includes('never_polled');

/** What a case calls a stored value, and where it stands in the readings. */
const STORED: Record<string, (readings: Reading[]) => unknown> = {
  inverter_rows: (readings) => readings.filter((reading) => !isNothing(reading)).length,
  channel_rows: (readings) => readings.reduce((rows, reading) => rows + reading.channels.length, 0),
  power_ac_w: ([first]) => first?.powerW,
  voltage_ac_v: ([first]) => first?.voltageV,
  yield_day_wh: ([first]) => first?.energyTodayWh,
  yield_total_kwh: ([first]) => (first?.energyTotalWh == null ? null : first.energyTotalWh / 1000),
  reachable: ([first]) => first?.reachable,
  channel_power: ([first]) => first?.channels.map(({ powerW }) => powerW),
  time: ([first]) => first?.sampledAt?.toISOString().replace('.000Z', 'Z'),
  live: (readings) => readings.filter(({ fresh }) => fresh).length,
  second_power: ([, second]) => second?.powerW,
  inverter_row: ([first]) => (first !== undefined && isNothing(first) ? 'none (all zero, never polled)' : 'one'),
};
/** Expectations that name the outcome of a fold or of an earlier row. */
const NEEDS_STORAGE = ['energy_added_wh', 'inverter_rows_total', 'channel_rows_total', 'day_energy_wh'];
const needsStorage = (key: string, value: unknown) =>
  NEEDS_STORAGE.includes(key) || key.startsWith('day_energy_wh') || value === 'unchanged';
/** Flags that the counter's history gives. */
const FLAGS_OF_STORAGE = ['counter_jump'];
/** What a case of these categories is about is decided by somebody else, even where decoding goes well. */
const LEFT_BY_CATEGORY: Record<string, string> = {
  auth: 'HTTP: key and tenant',
  idempotency: 'storage: neighbours in time',
  semantics: 'storage: booked energy',
  glitch: 'storage: counter history',
};

/** Compares one case and returns what was left to others. */
function check({ category, given, request, expected }: Case): string[] {
  const left = category in LEFT_BY_CATEGORY ? [`${LEFT_BY_CATEGORY[category]}`] : [];
  if (request.raw_body !== undefined) {
    expect(() => JSON.parse(request.raw_body ?? '')).toThrow(SyntaxError);
    return [`HTTP: ${expected.http_status}, not JSON`];
  }
  const { items } = opendtu.decode(request.body, new Date(given.server_clock));
  const readings = usable(items).map(({ reading }) => reading);

  if (expected.http_status === 404) left.push('storage: serial unknown');
  if (expected.total_inverters !== undefined) expect(items).toHaveLength(expected.total_inverters);
  checkResults(expected, items, left);

  for (const [key, value] of Object.entries({ ...expected.stored })) {
    if (needsStorage(key, value)) left.push(`storage: ${key} ${value}`);
    else expect(STORED[key]?.(readings), key).toEqual(value);
  }
  for (const [key, value] of Object.entries(expected.second ?? {})) {
    expect(STORED[key]?.(readings.slice(1)), `second ${key}`).toEqual(value);
  }
  checkFlags(expected.flags ?? [], readings, left);
  for (const key of ['side_effect', 'device']) if (expected[key] !== undefined) left.push(`storage: ${key}`);
  return left;
}

function checkResults(expected: Case['expected'], items: readonly PushItem[], left: string[]): void {
  const unregistered =
    expected.results?.some(({ error }) => error?.endsWith('not found')) || expected.http_status === 404;
  const nullsInstead = expected.acceptable_alternatives?.some((each) =>
    `${each}`.startsWith('201 with the field set to null'),
  );
  if (nullsInstead) {
    expect(usable(items)[0]).toMatchObject({ rejected: ['measurements.power_ac', 'dc_channels[0].yield_total'] });
    expect(usable(items)[0]?.reading).toMatchObject({ powerW: null, flags: ['value_rejected'] });
  } else if (expected.success_count !== undefined && !unregistered) {
    expect(usable(items)).toHaveLength(expected.success_count);
  }
  for (const [index, result] of (expected.results ?? []).entries()) {
    const item = items[index];
    expect(item?.sentSerial).toBe(result.serial);
    if (result.error?.endsWith('not found')) left.push('storage: serial unknown');
    if (result.status !== 'ok') continue;
    expect(item).toMatchObject({ ok: true });
    if (item?.ok !== true) continue;
    expect(Math.trunc(item.sentPowerW ?? Number.NaN)).toBe(result.power_ac);
    expect(item.reading.flags.includes('stale')).toBe(result.stale ?? false);
  }
}

function checkFlags(expected: readonly string[], readings: readonly Reading[], left: string[]): void {
  const [ofSecond] = expected.flatMap((flag) => (flag.startsWith('second: ') ? [flag.slice(8).split(', ')] : []));
  if (ofSecond !== undefined) {
    expect(readings[1]?.flags).toEqual(ofSecond);
    return;
  }
  const ours = expected.filter((flag) => !FLAGS_OF_STORAGE.includes(flag));
  for (const flag of expected) if (FLAGS_OF_STORAGE.includes(flag)) left.push(`storage: flag ${flag}`);
  const found = readings[0]?.flags.filter((flag) => flag !== 'clock_naive' && flag !== 'value_rejected') ?? [];
  expect([...found].sort()).toEqual([...ours].sort());
}

const cases = loadCases();

describe.skipIf(cases.length === 0)('the collected cases', () => {
  const table: string[] = [];
  afterAll(() => console.info(table.join('\n')));

  test.each(cases.map((each): [string, Case] => [each.id, each]))('%s', (id, each) => {
    const verdict = (text: string) => table.push(`${id.padEnd(34)} ${text}`);
    try {
      const left = check(each);
      verdict(left.length === 0 ? 'ok' : `ok; needs ${left.join('; ')}`);
    } catch (error) {
      verdict('FAILED');
      throw error;
    }
  });
});

describe('hand-made payloads', () => {
  const NOW = new Date('2026-06-21T10:00:05Z');
  const measurements = {
    power_ac: 301.2,
    voltage_ac: 233.1,
    current_ac: 1.29,
    frequency: 50.02,
    power_factor: 0.999,
    power_dc: 316,
  };
  const inverter = (more: object) => ({
    serial: '112181230042',
    name: 'Garage',
    reachable: true,
    last_update: 1782036000,
    measurements,
    dc_channels: [
      { channel: 1, power: 316, voltage: 36.4, current: 8.68, yield_day: 1204, yield_total: 88.123, irradiation: 0 },
    ],
    ...more,
  });
  const read = (body: object) => usable(opendtu.decode(body, NOW).items).map(({ reading }) => reading);
  const pushed = '2026-06-21T12:00:04+02:00';

  test.each<[string, object, object[]]>([
    [
      'noon',
      { timestamp: pushed, inverters: [inverter({})] },
      [
        {
          powerW: 301.2,
          energyTodayWh: 1204,
          energyTotalWh: 88_123,
          flags: [],
          sampledAt: new Date('2026-06-21T10:00:00Z'),
        },
      ],
    ],
    [
      'one bad, one unreachable, one good',
      {
        timestamp: pushed,
        inverters: [inverter({ measurements: 1 }), inverter({ reachable: '0', last_update: 1782030000 }), inverter({})],
      },
      [
        { powerW: null, fresh: false, flags: ['unreachable', 'stale'] },
        { powerW: 301.2, fresh: true },
      ],
    ],
    [
      'a clock that was never set',
      { timestamp: '1970-01-01T01:00:30+01:00', inverters: [inverter({ last_update: 0 })] },
      [{ powerW: 301.2, flags: ['clock_untrusted'], timeQuality: 'receipt', sampledAt: NOW }],
    ],
    ['a heartbeat', { timestamp: pushed, inverters: [] }, []],
  ])('%s', (_title, body, expected) => {
    expect(read(body)).toMatchObject(expected);
  });
});
