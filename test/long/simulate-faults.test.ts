import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bookkeeper } from '../../src/simulate/books.ts';
import { FAULT_KINDS } from '../../src/simulate/faults.ts';
import { createFleet } from '../../src/simulate/fleet.ts';
import { type RegisteredFleet, registeredFleet } from '../support/registered-fleet.ts';

/** Two hours of a hundred devices in a minute, with everything that can go wrong, again and again. */
const SPEED = 120;
const RUN_MS = 60_000;
let rig: RegisteredFleet;
beforeAll(async () => {
  rig = await registeredFleet({ seed: 21, loggers: 60, dtus: 16 });
});
afterAll(() => rig?.stop());

it('a fleet with every fault is booked to the watt-hour', async () => {
  const { url, apiKey } = rig;
  const fleet = createFleet({
    ...rig.fleet,
    http: { url, apiKey },
    speed: SPEED,
    startAt: new Date(Date.now() - (SPEED - 1) * RUN_MS),
    faults: { kinds: new Set(FAULT_KINDS), everyS: 900 },
  });
  const bookkeeper = new Bookkeeper(url, apiKey, fleet.tallies());
  await bookkeeper.open();
  fleet.start(new AbortController().signal);
  await sleep(RUN_MS);
  fleet.calm();
  await expect.poll(() => fleet.waiting(), { timeout: 120_000 }).toBe(0);
  const report = await fleet.stop();
  const books = await bookkeeper.close(180_000);

  expect(books.disagreeing).toEqual([]);
  expect(books).toMatchObject({ devices: rig.inverters, missing: 0, unexpected: 0 });
  expect(books.expectedWh).toBeGreaterThan(10_000);
  for (const [kind, count] of Object.entries(report.faults)) expect(count, kind).toBeGreaterThan(0);
  expect(report.tls).toMatchObject({ notRefused: 0 });
  expect(report.totals).toMatchObject({ wrongAnswers: 0, samplesRefused: 0, samplesWaiting: 0 });
  expect(report.totals.samplesDoubted).toBeGreaterThan(0);
  expect(report.totals.samplesOutside).toBeGreaterThan(0);
  expect(books.doubted.noticed).toBe(books.doubted.devices);
  expect(books.events['outside_window']?.devices).toBeGreaterThan(0);
  expect(books.events['rebased']).toBeUndefined();
});
