import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { readmePush } from './readme-push.ts';
import { NOON, TestLogger } from './solarman-logger.ts';
import { TcpClient } from './tcp-client.ts';

/**
 * Devices that send their samples in order, each until it is acknowledged and never again after that, so that afterwards the database
 * must hold exactly these samples and count exactly their energy.
 */

/** Where they send to; read anew for each sample, because a restarted server is another one. */
export interface Target {
  url: string;
  collectorPort: number;
  apiKey: string;
}

/** The moment of a device's sample number n; whole seconds, as loggers count them. */
const STEP_S = 20;
const startS = Math.floor(Date.now() / 1000) - 20 * 3600;
const secondOf = (n: number): number => startS + n * STEP_S;
const dateOf = (n: number): Date => new Date(secondOf(n) * 1000);

/** One device that sends its samples in order, each until it is acknowledged, and never again after that. */
export abstract class Device {
  protected readonly target: () => Target;
  acknowledged = 0;
  abstract readonly serial: string;
  abstract readonly kind: string;
  /** The counter in sample number n. */
  abstract totalWh(n: number): number;
  constructor(target: () => Target) {
    this.target = target;
  }
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

export class Dtu extends Device {
  readonly kind = 'opendtu';
  readonly serial: string;
  constructor(serial: string, target: () => Target) {
    super(target);
    this.serial = serial;
  }
  totalWh = (n: number): number => 444_671 + 2 * n;
  protected async send(n: number): Promise<boolean> {
    const body = readmePush(dateOf(n), this.serial);
    for (const input of body.inverters[0]?.dc_channels ?? []) input.yield_total = this.totalWh(n) / 1000;
    const response = await fetch(`${this.target().url}/api/opendtu/measurements`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': this.target().apiKey },
      body: JSON.stringify(body),
    });
    await response.arrayBuffer();
    return response.status === 201;
  }
}

export class Deye extends Device {
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
    this.#client = await TcpClient.open(this.target().collectorPort);
    // Loggers count whole seconds: a fraction would be rounded into every later time.
    const now = new Date(Math.floor(Date.now() / 1000) * 1000);
    this.#client.write(this.#logger.handshake(now));
    await this.#client.take(23, 3_000);
    this.#logger.learnTime(now);
    return this.#client;
  }
}

/** Resolves when every device has had `by` more samples acknowledged. */
export async function progress(devices: readonly Device[], by: number): Promise<void> {
  const from = devices.map((device) => device.acknowledged);
  await expect
    .poll(() => Math.min(...devices.map((device, i) => device.acknowledged - (from[i] ?? 0))), { timeout: 60_000 })
    .toBeGreaterThanOrEqual(by);
}

/** Registers the devices and answers their ids. */
export async function register(devices: readonly Device[], target: Target): Promise<number[]> {
  const ids: number[] = [];
  for (const { serial, kind } of devices) {
    const body = JSON.stringify({ name: serial, serial, kind });
    ids.push((await api<{ id: number }>(target, '/api/v1/inverters', { method: 'POST', body })).id);
  }
  return ids;
}

/** What is stored is what was acknowledged, each sample once, and the energy is what the counters say. */
export async function expectNothingLost(
  devices: readonly Device[],
  ids: readonly number[],
  target: Target,
): Promise<void> {
  for (const [i, device] of devices.entries()) {
    const path = `/api/v1/inverters/${ids[i]}`;
    const range = `from=${dateOf(0).toISOString()}&to=${new Date().toISOString()}&bucket=raw`;
    const { points } = await api<{ points: { time: string }[] }>(target, `${path}/power?${range}`);
    const stored = points.map((point) => Date.parse(point.time) / 1000);
    expect(stored, device.serial).toEqual(Array.from({ length: device.acknowledged }, (_, n) => secondOf(n)));
    const current = await api<{ energy_total_wh: number }>(target, `${path}/current`);
    expect(current.energy_total_wh, device.serial).toBe(device.totalWh(device.acknowledged - 1));
  }
}

async function api<T>(target: Target, path: string, init: RequestInit = {}): Promise<T> {
  const headers = {
    'x-api-key': target.apiKey,
    ...(init.body == null ? {} : { 'content-type': 'application/json' }),
  };
  const response = await fetch(`${target.url}${path}`, { ...init, headers });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
