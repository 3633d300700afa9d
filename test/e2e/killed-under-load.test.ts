import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killServer } from '../support/embedded-rig.ts';
import { readmePush } from '../support/readme-push.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { NOON, TestLogger } from '../support/solarman-logger.ts';
import { TcpClient } from '../support/tcp-client.ts';

/** kill -9 while devices send: whatever was acknowledged is there afterwards, and nothing is there or counted twice. */
let server: ServerProcess;
let key: string;
beforeAll(async () => {
  server = await startServer();
  const email = ['--email', 'anna@example.org'];
  await server.cli('user', 'create', ...email, '--password', 'Sonne-und-Wind-7', '--admin');
  key = (
    JSON.parse(await server.cli('api-key', 'create', ...email, '--name', 'all', '--scope', 'full', '--json')) as {
      key: string;
    }
  ).key;
});
afterAll(() => server.stop());

/** The moment of a device's sample number n; whole seconds, as loggers count them. */
const STEP_S = 20;
const startS = Math.floor(Date.now() / 1000) - 20 * 3600;
const secondOf = (n: number): number => startS + n * STEP_S;
const dateOf = (n: number): Date => new Date(secondOf(n) * 1000);

/** One device that sends its samples in order, each until it is acknowledged, and never again after that. */
abstract class Device {
  acknowledged = 0;
  abstract readonly serial: string;
  abstract readonly kind: string;
  /** The counter in sample number n. */
  abstract totalWh(n: number): number;
  /** @returns whether the sample was acknowledged */
  protected abstract send(n: number): Promise<boolean>;

  async run(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const done = await this.send(this.acknowledged).catch(() => false);
      if (done) this.acknowledged++;
      else await sleep(50);
    }
  }
}

class Dtu extends Device {
  readonly kind = 'opendtu';
  readonly serial: string;
  constructor(serial: string) {
    super();
    this.serial = serial;
  }
  totalWh = (n: number): number => 444_671 + 2 * n;
  protected async send(n: number): Promise<boolean> {
    const body = readmePush(dateOf(n), this.serial);
    for (const input of body.inverters[0]?.dc_channels ?? []) input.yield_total = this.totalWh(n) / 1000;
    const response = await fetch(`${server.url}/api/opendtu/measurements`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: JSON.stringify(body),
    });
    await response.arrayBuffer();
    return response.status === 201;
  }
}

class Deye extends Device {
  readonly kind = 'solarman';
  readonly #logger = new TestLogger(4_151_234_567, dateOf(-60));
  #client: TcpClient | null = null;
  get serial(): string {
    return String(this.#logger.serial);
  }
  /** 100 Wh in ten minutes: what 600 W give, in the steps such a device counts in. */
  totalWh = (n: number): number => 177_500 + 100 * Math.floor(n / 30);
  protected async send(n: number): Promise<boolean> {
    try {
      const client = await this.#connected();
      client.write(this.#logger.data(dateOf(n), { ...NOON, energyTotalWh: this.totalWh(n) }));
      return (await client.take(23, 3_000))[4] === 0x12;
    } catch (error) {
      this.#client?.close();
      this.#client = null;
      throw error;
    }
  }
  async #connected(): Promise<TcpClient> {
    if (this.#client?.closed === false) return this.#client;
    this.#client = await TcpClient.open(server.collectorPort);
    // Loggers count whole seconds: a fraction would be rounded into every later time.
    const now = new Date(Math.floor(Date.now() / 1000) * 1000);
    this.#client.write(this.#logger.handshake(now));
    await this.#client.take(23, 3_000);
    this.#logger.learnTime(now);
    return this.#client;
  }
}

const devices = [new Dtu('116166771004'), new Dtu('116166771005'), new Dtu('116166771006'), new Deye()];
const progress = async (by: number) => {
  const from = devices.map((device) => device.acknowledged);
  await expect
    .poll(() => Math.min(...devices.map((device, i) => device.acknowledged - (from[i] ?? 0))), { timeout: 60_000 })
    .toBeGreaterThanOrEqual(by);
};

const api = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
  const headers = { 'x-api-key': key, ...(init.body == null ? {} : { 'content-type': 'application/json' }) };
  const response = await fetch(`${server.url}${path}`, { ...init, headers });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
};

async function killPostgres(): Promise<void> {
  const found = (await readdir(server.dataDir, { recursive: true })).find((path) => path.endsWith('postmaster.pid'));
  if (found === undefined) throw new Error('no running database found');
  await killServer(join(server.dataDir, found, '..'));
}

describe('kill -9 while devices send', () => {
  it('of the program, of PostgreSQL and of both loses nothing acknowledged and counts nothing twice', async () => {
    const ids: number[] = [];
    for (const { serial, kind } of devices) {
      const body = JSON.stringify({ name: serial, serial, kind });
      ids.push((await api<{ id: number }>('/api/v1/inverters', { method: 'POST', body })).id);
    }
    const load = new AbortController();
    const running = devices.map((device) => device.run(load.signal));
    await progress(10);

    server.signal('SIGKILL');
    server = await server.restart();
    await progress(10);

    await killPostgres();
    await progress(10);

    server.signal('SIGKILL');
    await killPostgres();
    server = await server.restart();
    await progress(10);
    load.abort();
    await Promise.all(running);

    for (const [i, device] of devices.entries()) {
      const range = `from=${dateOf(0).toISOString()}&to=${new Date().toISOString()}&bucket=raw`;
      const { points } = await api<{ points: { time: string }[] }>(`/api/v1/inverters/${ids[i]}/power?${range}`);
      const stored = points.map((point) => Date.parse(point.time) / 1000);
      expect(stored, device.serial).toEqual(Array.from({ length: device.acknowledged }, (_, n) => secondOf(n)));
      const current = await api<{ energy_total_wh: number }>(`/api/v1/inverters/${ids[i]}/current`);
      expect(current.energy_total_wh, device.serial).toBe(device.totalWh(device.acknowledged - 1));
    }
  });
});
