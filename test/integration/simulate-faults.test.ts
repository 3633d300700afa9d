import { afterAll, beforeAll, expect, test } from 'vitest';
import { simulate } from '../../src/cli/simulate.ts';
import type { Books } from '../../src/simulate/books.ts';
import { createFleet } from '../../src/simulate/fleet.ts';
import type { FleetReport } from '../../src/simulate/report.ts';
import { type RegisteredFleet, registeredFleet } from '../support/registered-fleet.ts';

/** A few devices with everything that can go wrong, some days in some seconds, against the real server: whose books are right. */
const SEED = 11;
const LOGGERS = 8;
const DTUS = 3;
let rig: RegisteredFleet;
beforeAll(async () => {
  rig = await registeredFleet({ seed: SEED, loggers: LOGGERS, dtus: DTUS });
});
afterAll(() => rig?.stop());

// Who disagrees is asked again for minutes before the command says who it is
const TIMEOUT_MS = 240_000;

test('a fleet with every fault is booked to the watt-hour, and the command says so', {
  timeout: TIMEOUT_MS,
}, async () => {
  const out: string[] = [];
  const io = { out: (text: string) => void out.push(text), err: (text: string) => void out.push(text) };
  const args = [
    ...['--seed', String(SEED), '--loggers', String(LOGGERS), '--dtus', String(DTUS), '--always-day', '--json'],
    ...['--collector', `127.0.0.1:${rig.collectorPort}`, '--http', rig.url, '--api-key', rig.apiKey],
    // A sample every twentieth of a second, a fault of each device in half a one
    ...['--duration', '3', '--speed', '1200', '--interval', '60', '--faults', 'all', '--fault-every', '600'],
  ];
  const code = await simulate(args, io, new AbortController().signal);
  const { report, books } = JSON.parse(out.at(-1) ?? '') as { report: FleetReport; books: Books };

  expect(books.disagreeing).toEqual([]);
  expect(books).toMatchObject({ devices: rig.inverters, notRegistered: 0, missing: 0, unexpected: 0 });
  expect(books.expectedWh).toBeGreaterThan(100);
  // Slots are of the calendar: which fault falls into these hours differs from run to run, that there are many does not
  const { storms, ...ofDevices } = report.faults;
  expect(Object.values(ofDevices).reduce((sum, count) => sum + count)).toBeGreaterThan(3);
  expect(storms).toBeGreaterThan(0);
  expect(report.tls).toMatchObject({ refused: 1, notRefused: 0 });
  expect(report.totals.wrongAnswers).toBe(0);
  expect(report.totals.samplesWaiting).toBe(0);
  expect(books.doubted.noticed).toBe(books.doubted.devices);
  expect(code).toBe(0);
});

test('faults closer together than a fleet can tell apart are refused', () => {
  const options = { ...rig.fleet, intervalS: 60, faults: { kinds: new Set(['glitches'] as const), everyS: 300 } };
  expect(() => createFleet(options)).toThrow(/at least 6 intervals/);
});
