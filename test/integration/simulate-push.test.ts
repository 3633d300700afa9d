import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { simulate } from '../../src/cli/simulate.ts';
import { opendtu } from '../../src/protocols/opendtu/index.ts';
import { createFleet, type Fleet, type FleetOptions } from '../../src/simulate/fleet.ts';
import type { Push } from '../../src/simulate/opendtu.ts';
import type { FleetDevice, FleetReport } from '../../src/simulate/report.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { FakeCollector } from '../support/fake-collector.ts';
import { present } from '../support/present.ts';

/** Simulated DTUs against an HTTP server of a few lines, and the command that runs the whole. */

interface Received {
  request: IncomingMessage;
  body: Push;
  connection: string;
}

const received: Received[] = [];
let server: Server;
let url: string;
let fleet: Fleet | undefined;
let answer: (body: Push, response: ServerResponse, request: IncomingMessage) => void;

function reply(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

const results = (body: Push, status = 'ok') => ({ results: body.inverters.map(({ serial }) => ({ serial, status })) });
const allTaken = (body: Push, response: ServerResponse) => reply(response, 201, results(body));

beforeEach(async () => {
  received.length = 0;
  answer = allTaken;
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    // Nothing is registered here, so nobody is asked about anything
    if (request.method === 'GET') return reply(response, 200, { items: [], next_cursor: null });
    const body: Push = JSON.parse(text);
    received.push({ request, body, connection: `${request.socket.remotePort}` });
    answer(body, response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = `http://127.0.0.1:${address.port}`;
});

afterEach(async () => {
  await fleet?.stop();
  fleet = undefined;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const OPTIONS: FleetOptions = {
  seed: 1,
  loggers: 0,
  dtus: 1,
  intervalS: 60,
  collector: { host: '127.0.0.1', port: 1 },
  http: { url: 'http://127.0.0.1:1', apiKey: 'KEY-1' },
  speed: 600,
  place: { latitude: 51.3, longitude: 9.5 },
  alwaysDay: true,
  log: createLogger('fatal'),
};
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

function start(changes: Partial<FleetOptions> = {}): Fleet {
  const startAt = new Date(Date.now() - OPTIONS.speed * 50_000);
  fleet = createFleet({ ...OPTIONS, http: { url, apiKey: 'KEY-1' }, startAt, ...changes });
  fleet.start(new AbortController().signal);
  return fleet;
}

const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000 });

describe('a simulated DTU', () => {
  test('pushes as the firmware does, on one kept connection, and books what was taken', async () => {
    start();
    await until(() => received.length >= 5);
    const report = await present(fleet).stop();

    for (const { request } of received) {
      expect(request).toMatchObject({ method: 'POST', url: '/api/opendtu/measurements', httpVersion: '1.1' });
      expect(request.headers).toMatchObject({
        'x-api-key': 'KEY-1',
        'content-type': 'application/json',
        connection: 'keep-alive',
        'accept-encoding': expect.stringContaining('*;q=0'),
      });
      expect(request.headers['transfer-encoding']).toBeUndefined();
    }
    expect(new Set(received.map(({ connection }) => connection)).size).toBe(1);

    for (const device of report.devices) {
      const readings = received.map(({ body }) => {
        const item = opendtu.decode(body, new Date()).items.find(({ sentSerial }) => sentSerial === device.serial);
        if (item?.ok !== true) throw new Error('not decoded');
        return item.reading;
      });
      expect(device).toMatchObject({
        samplesSent: received.length,
        samplesAcknowledged: received.length,
        samplesRefused: 0,
        wrongAnswers: 0,
        firstAt: readings[0]?.sampledAt?.toISOString(),
        lastAt: readings.at(-1)?.sampledAt?.toISOString(),
        expectedWh: present(readings.at(-1)?.energyTotalWh) - present(readings[0]?.energyTotalWh),
      });
      expect(device.expectedWh).toBeGreaterThan(0);
    }
  });

  test.each<[string, typeof answer, Record<string, boolean>]>([
    ['404 to an unknown serial', (body, response) => reply(response, 404, results(body, 'error')), { refused: true }],
    ['401 to a wrong key', (_, response) => reply(response, 401, { error: 'unauthorized' }), { refused: true }],
    ['503 of a busy server', (_, response) => reply(response, 503, { error: 'unavailable' }), { lost: true }],
    ['a connection that ends', (_, response) => response.destroy(), { lost: true }],
    ["a proxy's page", (_, response) => void response.writeHead(200).end('<html>'), { refused: true, wrong: true }],
    [
      'a redirect',
      (_, response) => void response.writeHead(301, { Location: '/' }).end(),
      { refused: true, wrong: true },
    ],
    [
      'success without its serial',
      (_, response) => reply(response, 201, { results: [] }),
      { refused: true, wrong: true },
    ],
  ])(
    'counts %s for what it is',
    async (_, treat, { refused = false, lost = false, wrong = false }: Record<string, boolean>) => {
      answer = treat;
      start();
      await until(() => received.length >= 2);
      const { totals } = await present(fleet).stop();
      const sent = totals.samplesSent;
      expect(sent).toBeGreaterThan(0);
      expect(totals).toMatchObject({
        samplesAcknowledged: 0,
        samplesRefused: refused ? sent : 0,
        samplesLost: lost ? sent : 0,
        wrongAnswers: wrong ? sent : 0,
      });
    },
  );

  test('tells taken samples from refused ones in one answer', async () => {
    answer = (body, response) =>
      reply(response, 207, {
        results: body.inverters.map(({ serial }, i) => ({ serial, status: i === 0 ? 'ok' : 'error' })),
      });
    start({ seed: present(SEEDS.find((seed) => createFleet({ ...OPTIONS, seed }).devices().length > 1)) });
    await until(() => received.length >= 2);
    const { devices } = await present(fleet).stop();
    expect(devices.length).toBeGreaterThan(1);
    devices.forEach(({ samplesSent, samplesAcknowledged, samplesRefused, wrongAnswers }, i) => {
      expect([samplesAcknowledged, samplesRefused]).toEqual(i === 0 ? [samplesSent, 0] : [0, samplesSent]);
      expect(wrongAnswers).toBe(0);
    });
  });

  test('takes a kept connection that the server just closed for no failure', async () => {
    const used = new Set<Socket>();
    answer = (body, response, { socket }) => {
      // The connection had been given up when the second push came along it
      if (used.has(socket)) socket.resetAndDestroy();
      else allTaken(body, response);
      used.add(socket);
    };
    start();
    await until(() => used.size >= 3);
    expect((await present(fleet).stop()).totals).toMatchObject({ samplesLost: 0, samplesRefused: 0 });
  });

  test('tells its past first, and repeats what a busy server did not take', async () => {
    let busy = 1;
    answer = (body, response) => (busy-- > 0 ? reply(response, 503, {}) : allTaken(body, response));
    const startAt = Date.now();
    start({ historyDays: 1, speed: 1, intervalS: 1, startAt: new Date(startAt) });
    const isPast = ({ body }: Received) => Date.parse(body.timestamp) < startAt - 1000;
    await until(() => received.length > 0 && !isPast(present(received.at(-1))));
    const report = await present(fleet).stop();

    const past = received.filter(isPast);
    expect(past.length).toBeGreaterThan(60);
    expect(past[1]?.body).toEqual(past[0]?.body);
    const times = past.slice(1).map(({ body }) => Date.parse(body.timestamp));
    expect(times[0]).toBeGreaterThan(startAt - 86_401_000);
    for (const [i, ms] of times.slice(1).entries()) expect(ms - present(times[i])).toBeGreaterThanOrEqual(300_000);
    for (const { body } of past) expect(body.inverters.every(({ reachable }) => reachable)).toBe(true);
    expect(report.totals.samplesLost).toBe(0);
    expect(report.devices[0]?.samplesAcknowledged).toBe(received.length - 1);
  });
});

describe('the command', () => {
  let collector: FakeCollector;
  let port: number;
  const out: string[] = [];
  const io = { out: (text: string) => void out.push(text), err: (text: string) => void out.push(text) };
  const never = new AbortController().signal;

  beforeEach(async () => {
    out.length = 0;
    collector = new FakeCollector();
    port = await collector.listen();
  });
  afterEach(() => collector.close());

  const args = (...more: string[]) => [
    ...['--collector', `127.0.0.1:${port}`, '--http', url, '--api-key', 'K', '--always-day', '--interval', '1'],
    ...more,
  ];

  test('prints the serial numbers first and what came of them last', async () => {
    const code = await simulate(args('--duration', '3', '--json'), io, never);
    expect(out).toHaveLength(2);
    const [{ devices }, { report }] = out.map((line) => JSON.parse(line)) as [
      { devices: FleetDevice[] },
      { report: FleetReport },
    ];
    expect(devices.map(({ serial }) => serial)).toEqual(report.devices.map(({ serial }) => serial));
    expect(devices.filter(({ kind }) => kind === 'solarman')).toHaveLength(2);
    expect(devices.some(({ kind }) => kind === 'opendtu')).toBe(true);
    for (const { samplesSent, samplesAcknowledged } of report.devices) {
      expect(samplesSent).toBeGreaterThan(1);
      expect(samplesAcknowledged).toBe(samplesSent);
    }
    expect(code).toBe(0);
  });

  test('says it in words, too', async () => {
    expect(await simulate(args('--duration', '2', '--dtus', '0', '--loggers', '1'), io, never)).toBe(0);
    expect(out[0]).toMatch(/^solarman {2}\d{10} .* W, \d inputs/);
    expect(out.at(-1)).toMatch(/^in all: expected \d+\.\d{3} kWh, samples sent \d+, acknowledged \d+$/);
  });

  test('meets the present at the end of a fast run', async () => {
    expect(
      await simulate(args('--duration', '3', '--speed', '100', '--interval', '20', '--dtus', '0'), io, never),
    ).toBe(0);
    const ages = collector.data.map(({ readings }) => Date.now() - present(readings[0]?.sampledAt).getTime());
    expect(Math.max(...ages)).toBeGreaterThan(200_000);
    expect(Math.min(...ages)).toBeLessThan(120_000);
  });

  test('only names its devices with a duration of 0', async () => {
    expect(await simulate(args('--duration', '0'), io, never)).toBe(0);
    expect(collector.connections).toBe(0);
    expect(out.join('\n')).toContain('No samples');
  });

  test('ends when it is told to', async () => {
    const stop = new AbortController();
    const running = simulate(args('--json'), io, stop.signal);
    await until(() => collector.data.length > 0);
    stop.abort();
    expect(await running).toBe(0);
    expect(out).toHaveLength(2);
  });

  test('fails when nobody answers', async () => {
    await collector.close();
    expect(await simulate(args('--duration', '4', '--dtus', '0'), io, never)).toBe(1);
    expect(out.at(-1)).toMatch(/unanswered [1-9]/);
  });

  test.each<[string[], RegExp]>([
    [['--loggers', 'many'], /--loggers/],
    [['--loggers', '1.5'], /--loggers/],
    [['--interval', '0.5'], /--interval/],
    [['--speed', '0'], /--speed/],
    [['--duration', ''], /--duration/],
    [['--collector', 'localhost'], /--collector/],
    [['--collector', 'localhost:99999'], /--collector/],
    [['--http', 'ftp://localhost', '--api-key', 'K'], /--http/],
    [['--dtus', '2'], /--api-key/],
    [['--history-days', '-1'], /--history-days/],
    [['--clouds'], /--clouds/],
    [['serial'], /serial/],
  ])('refuses %j and says how it is used', async (wrong, named) => {
    expect(await simulate(wrong, io, never)).toBe(2);
    // The first line is about the mistake; all options stand in the lines after it
    expect(out.join('\n').split('\n')[0]).toMatch(named);
    expect(out.join('\n')).toContain('deye-hard simulate');
  });

  test('explains itself', async () => {
    expect(await simulate(['--help'], io, never)).toBe(0);
    expect(out[0]).toContain('The same seed gives the same fleet');
  });
});
