import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Reading } from '../../src/domain/reading.ts';
import { sunAltitude } from '../../src/domain/sun.ts';
import { CODE } from '../../src/protocols/solarman/codes.ts';
import { readTimeBlock } from '../../src/protocols/solarman/time.ts';
import { demoFleet } from '../../src/simulate/demo.ts';
import { createFleet, type Fleet, type FleetOptions } from '../../src/simulate/fleet.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { edited, FakeCollector, type Received } from '../support/fake-collector.ts';
import { present } from '../support/present.ts';

/** Simulated loggers against a collector that sometimes fails them. Simulated time runs fast, so that samples come every few ms. */
const HOUR = 3_600_000;
const MIDSUMMER = Date.UTC(2025, 5, 21);
const KASSEL = { latitude: 51.3, longitude: 9.5 };
const QUICK = { answerMs: 400, handshakeMs: 400, retryMinMs: 20, retryMaxMs: 60 };

let collector: FakeCollector;
let port: number;
let fleet: Fleet | undefined;
let stop: AbortController;

beforeEach(async () => {
  collector = new FakeCollector();
  port = await collector.listen();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await fleet?.stop();
  fleet = undefined;
  await collector.close();
});

function start(changes: Partial<FleetOptions> = {}): Fleet {
  fleet = createFleet({
    seed: 1,
    loggers: 1,
    dtus: 0,
    intervalS: 60,
    collector: { host: '127.0.0.1', port },
    http: null,
    // A minute is a twentieth of a second, for fifty seconds of test
    speed: 1200,
    startAt: new Date(Date.now() - 1200 * 50_000),
    place: KASSEL,
    alwaysDay: true,
    log: createLogger('fatal'),
    ...changes,
  });
  fleet.start(stop.signal);
  return fleet;
}

const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000 });
const timeOf = ({ frame }: Received) => present(readTimeBlock(frame.payload, 3));
const isFirstData = ({ frame }: Received) => frame.code === CODE.data && collector.data.length === 1;
const readingOf = ({ readings }: Received) => present(readings[0]);
const stored = () => collector.data.filter(({ kind }) => kind === '42 81');

describe('a simulated logger', () => {
  test('holds the session of a real one, and books what was acknowledged', async () => {
    start({ speed: 1, startAt: new Date(), intervalS: 2 });
    await until(() => collector.data.length >= 3);
    const report = await present(fleet).stop();

    expect(collector.kinds.slice(0, 2)).toEqual(['41 02', '42 01']);
    expect(collector.kinds).toContain('43 01');
    expect(collector.kinds).toContain('48 01');
    expect(collector.received.map(({ frame }) => frame.sequence[1])).toEqual(collector.received.map((_, i) => i + 1));
    // The server's counter comes back in the next frame (§1.3)
    expect(collector.received.map(({ frame }) => frame.sequence[0])).toEqual(collector.received.map((_, i) => i));

    const readings = collector.data.map(readingOf);
    expect(report.devices[0]).toMatchObject({
      samplesSent: readings.length,
      samplesAcknowledged: readings.length,
      samplesResent: 0,
      samplesWaiting: 0,
      wrongAnswers: 0,
      firstAt: readings[0]?.sampledAt?.toISOString(),
      lastAt: readings.at(-1)?.sampledAt?.toISOString(),
      expectedWh: present(readings.at(-1)?.energyTotalWh) - present(readings[0]?.energyTotalWh),
    });
    for (const reading of readings) expect(reading).toMatchObject({ timeQuality: 'device', flags: [], stored: false });
    expect(collector.connections).toBe(1);
  });

  test('whose sample is not answered sends it again as a stored one, with its own time', async () => {
    collector.treat = (received) => (isFirstData(received) ? 'silence' : 'answer');
    start({ timing: QUICK, speed: 120 });
    await until(() => collector.data.length >= 4);
    const report = await present(fleet).stop();

    const [first, again] = collector.data;
    expect(again?.kind).toBe('42 81');
    expect(timeOf(present(again))).toEqual(timeOf(present(first)));
    expect(readingOf(present(again))).toEqual({ ...readingOf(present(first)), stored: true });
    expect(present(again).frame.payload.subarray(1)).toEqual(present(first).frame.payload.subarray(1));
    expect(collector.connections).toBe(1);
    const times = new Set(collector.data.map((data) => readingOf(data).sampledAt?.getTime()));
    expect(report.totals).toMatchObject({
      samplesSent: times.size,
      samplesResent: collector.data.length - times.size,
      samplesAcknowledged: times.size,
      samplesLost: 0,
      samplesWaiting: 0,
    });
  });

  test('dials again when the connection ends, and brings what was left', async () => {
    collector.treat = ({ frame, connection }) => (connection < 2 && frame.code === CODE.data ? 'hang up' : 'answer');
    start({ timing: { retryMinMs: 20, retryMaxMs: 60 } });
    await until(() => collector.data.length >= 8);
    const report = await present(fleet).stop();

    expect(collector.connections).toBe(3);
    for (const connection of [0, 1, 2]) {
      const frames = collector.received.filter((received) => received.connection === connection);
      expect(frames[0]).toMatchObject({ kind: '41 02', frame: { sequence: [0, 1] } });
    }
    // The sample that both connections ended on arrived at last, under its own time
    expect(new Set(stored().map((data) => readingOf(data).sampledAt?.getTime()))).toContain(
      readingOf(present(collector.data[0])).sampledAt?.getTime(),
    );
    expect(report.totals.samplesAcknowledged).toBe(report.totals.samplesSent);
    expect(report.totals.samplesAcknowledged).toBeGreaterThan(5);
  });

  test('without a collector keeps its samples, and the first handshake dates them', async () => {
    await collector.close();
    start({ timing: QUICK, speed: 1, startAt: new Date(), intervalS: 1 });
    await until(() => present(fleet).report().totals.samplesWaiting >= 3);
    expect(present(fleet).report().totals.samplesSent).toBe(0);
    collector = new FakeCollector();
    await collector.listen(port);
    await until(() => collector.data.length >= 4);
    const report = await present(fleet).stop();

    const early = collector.data.filter((data) => timeOf(data).offsetS === 0);
    expect(early.length).toBeGreaterThanOrEqual(2);
    for (const data of early) {
      expect(data.kind).toBe('42 81');
      expect(readingOf(data)).toMatchObject({ timeQuality: 'boot', flags: [] });
    }
    const times = collector.data.map((data) => present(readingOf(data).sampledAt).getTime());
    for (const [i, ms] of times.slice(1).entries()) expect(ms - present(times[i])).toBeGreaterThanOrEqual(999);
    expect(report.totals.samplesAcknowledged).toBe(report.totals.samplesSent);
  });

  test('says nothing of its samples before its handshake is answered', async () => {
    let mute = 4;
    collector.treat = () => (mute-- > 0 ? 'silence' : 'answer');
    start({ timing: QUICK });
    await until(() => collector.data.length >= 1);
    expect(collector.kinds.slice(0, 6)).toEqual(['41 02', '41 02', '41 02', '41 02', '41 02', '42 81']);
    // Three on one connection, each with the next number, then a new connection
    expect(collector.received.slice(0, 4).map(({ connection, frame }) => [connection, frame.sequence[1]])).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 1],
    ]);
  });

  test.each<[string, (right: Buffer) => Buffer]>([
    ['the number of another frame', (right) => edited(right, 6, present(right[6]) + 7)],
    ["the server's counter not counted on", (right) => edited(right, 5, present(right[5]) - 1)],
    ['another frame type', (right) => edited(right, 11, 0x02)],
    ['another serial', (right) => edited(right, 7, present(right[7]) + 1)],
    ['the code of another kind', (right) => edited(right, 4, 0x13)],
    ['a clock of 1970', (right) => edited(edited(right, 15, 0), 16, 0)],
    ['an offset of 100 days', (right) => edited(right, 19, 2)],
    [
      'a wrong checksum',
      (right) => Buffer.concat([right.subarray(0, -2), Buffer.from([present(right.at(-2)) ^ 1, 0x15])]),
    ],
  ])('does not take %s for an acknowledgement', async (_, spoil) => {
    collector.treat = (received) => (isFirstData(received) ? spoil : 'answer');
    start({ timing: QUICK });
    await until(() => collector.data.length >= 3);
    const report = await present(fleet).stop();
    expect(report.totals.wrongAnswers).toBeGreaterThanOrEqual(1);
    const [first, again] = collector.data;
    expect(again?.kind).toBe('42 81');
    expect(timeOf(present(again))).toEqual(timeOf(present(first)));
    expect(report.totals.samplesAcknowledged).toBe(report.totals.samplesSent);
  });

  test('gives up a sample that is refused, and counts it', async () => {
    collector.treat = ({ frame }) => (frame.code === CODE.data ? (right) => edited(right, 12, 0) : 'answer');
    start();
    await until(() => collector.data.length >= 3);
    const { totals } = await present(fleet).stop();
    expect(totals).toMatchObject({ samplesAcknowledged: 0, samplesRefused: totals.samplesSent, wrongAnswers: 0 });
  });

  test('tells its past first, in order, only its days, each sample under its own time', async () => {
    const startAt = new Date();
    start({ historyDays: 1, speed: 1, intervalS: 1, startAt });
    await until(() => collector.kinds.includes('42 01'));
    const report = await present(fleet).stop();

    const past = stored().map(readingOf);
    expect(past.length).toBeGreaterThan(60);
    let before = startAt.getTime() - 86_400_000 - 1000;
    for (const { sampledAt, timeQuality, energyTotalWh } of past) {
      const ms = present(sampledAt).getTime();
      expect(ms - before).toBeGreaterThan(290_000 * (before < startAt.getTime() - 86_400_000 ? 0 : 1));
      expect([timeQuality, energyTotalWh === 0]).toEqual(['device', false]);
      before = ms;
    }
    const live = present(collector.data.find(({ kind }) => kind === '42 01'));
    expect(Math.abs(present(readingOf(live).sampledAt).getTime() - Date.now())).toBeLessThan(20_000);
    expect(report.totals.expectedWh).toBe(present(readingOf(live).energyTotalWh) - present(past[0]?.energyTotalWh));
    expect(report.totals.samplesAcknowledged).toBe(collector.data.length);
  });

  test('goes on counting where it was when it is started again, the same day and the next', async () => {
    const run = async (startMs: number, speed: number, energyWh: number) => {
      const before = collector.data.length;
      const totalWh = (received: Received | undefined) => present(readingOf(present(received)).energyTotalWh);
      start({ alwaysDay: false, startAt: new Date(startMs), speed });
      await until(() => {
        const isThere = collector.data.length > before;
        return isThere && totalWh(collector.data.at(-1)) - totalWh(collector.data[before]) >= energyWh;
      });
      await present(fleet).stop();
      const readings = collector.data.slice(before).map(readingOf);
      const [first, last] = [present(readings[0]), present(readings.at(-1))];
      return {
        firstWh: present(first.energyTotalWh),
        lastWh: present(last.energyTotalWh),
        last: present(last.sampledAt),
      };
    };
    const morning = await run(MIDSUMMER + 8 * HOUR, 6_000, 501);
    expect(morning.lastWh - morning.firstWh).toBeGreaterThan(500);
    const noon = await run(morning.last.getTime(), 1, 0);
    // A second or two later; a step of the counter may lie between
    expect(noon.firstWh - morning.lastWh).toBeGreaterThanOrEqual(0);
    expect(noon.firstWh - morning.lastWh).toBeLessThanOrEqual(100);
    // Early the next day, when that day has not brought as much yet
    const nextDay = await run(MIDSUMMER + 30 * HOUR, 1, 0);
    expect(nextDay.firstWh).toBeGreaterThan(noon.lastWh);
  });

  test('wakes in the morning and leaves in the evening, as its panels do', async () => {
    start({ alwaysDay: false, startAt: new Date(MIDSUMMER + 2 * HOUR), speed: 6000 });
    await until(() => collector.data.length >= 2);
    await present(fleet).stop();
    expect(collector.connections).toBe(1);
    const altitude = (data: Received) => sunAltitude(present(readingOf(data).sampledAt), KASSEL);
    expect(altitude(present(collector.data[0]))).toBeGreaterThan(2.9);
    expect(altitude(present(collector.data[0]))).toBeLessThan(15);

    start({ alwaysDay: false, startAt: new Date(MIDSUMMER + 18.8 * HOUR), speed: 1200 });
    await until(() => collector.connections === 2 && collector.open === 0);
    await present(fleet).stop();
    const last = present(collector.data.at(-1));
    expect(altitude(last)).toBeGreaterThan(2.9);
    expect(altitude(last)).toBeLessThan(15);
  });
});

describe('a fleet of loggers', () => {
  test('of the demonstration never stands still', async () => {
    fleet = demoFleet({
      collector: { host: '127.0.0.1', port },
      http: null,
      log: createLogger('fatal'),
      speed: 100,
      startAt: new Date(Date.now() - 4_000_000),
    });
    fleet.start(stop.signal);
    await until(() => collector.data.length >= 200);
    await fleet.stop();
    for (const serial of new Set(collector.data.map(({ frame }) => frame.serial))) {
      const readings = collector.data.filter(({ frame }) => frame.serial === serial).map(readingOf);
      const alike = (value: (reading: Reading) => unknown) =>
        readings.filter((reading, i) => i > 0 && value(reading) === value(present(readings[i - 1]))).length;
      const values = ({ powerW, voltageV, frequencyHz, temperatureC }: Reading) =>
        `${powerW} ${voltageV} ${frequencyHz} ${temperatureC}`;
      expect(alike(values)).toBeLessThan(readings.length * 0.05);
      // Whole watts: now and then two in a row are the same
      expect(alike(({ powerW }) => powerW)).toBeLessThan(readings.length * 0.3);
      for (const { powerW } of readings) expect(powerW).toBeGreaterThan(20);
    }
  });

  test('of the demonstration goes on where an earlier run of it was, without its past', async () => {
    const continues = new Date('2026-06-15T20:00:00Z');
    const totals: number[] = [];
    for (const startAt of [new Date('2026-06-15T20:10:00Z'), new Date('2026-06-15T21:10:00Z')]) {
      const to = { collector: { host: '127.0.0.1', port }, http: null, log: createLogger('fatal') };
      fleet = demoFleet({ ...to, startAt, intervalS: 1, historyDays: 1, continues });
      fleet.start(stop.signal);
      const atBalcony = () =>
        collector.data
          .map(readingOf)
          .filter(({ sampledAt, channels }) => channels.length === 2 && (sampledAt ?? continues) >= startAt);
      await until(() => atBalcony().length > 0);
      await fleet.stop();
      totals.push(present(present(atBalcony()[0]).energyTotalWh));
    }
    expect(
      collector.data.map(readingOf).filter(({ sampledAt }) => sampledAt !== null && sampledAt < continues),
    ).toEqual([]);
    const [before, after] = totals;
    const hourWh = present(after) - present(before);
    // An hour of endless noon on a micro-inverter of 800 W.
    expect(hourWh).toBeGreaterThanOrEqual(100);
    expect(hourWh).toBeLessThan(900);
  });

  test('too large for one address comes from several, is served, and leaves nothing behind', async () => {
    start({ loggers: 160, speed: 1, startAt: new Date(), intervalS: 2 });
    await until(() =>
      present(fleet)
        .report()
        .devices.every(({ samplesAcknowledged }) => samplesAcknowledged > 0),
    );
    const addresses = new Set(collector.received.map(({ address }) => address)).size;
    if (process.platform === 'linux') expect(addresses).toBe(2);
    const { totals } = await present(fleet).stop();
    expect(totals).toMatchObject({ samplesRefused: 0, samplesLost: 0, samplesWaiting: 0, wrongAnswers: 0 });
    await until(() => collector.open === 0);
  });
});
