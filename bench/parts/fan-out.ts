import { type ClientRequest, get } from 'node:http';
import { apiKeyHint, hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import { insertAccount, insertApiKeyFor } from '../../src/store/owner-accounts.ts';
import { fourInputs, HttpDevice } from '../http-device.ts';
import { usageOf } from '../rig.ts';
import { type Measure, spreadOf } from '../rounds.ts';
import type { Stage } from '../stage.ts';

/** What one account may have open. */
const EACH = 50;
const TELLINGS = 4;

/** Open live streams: a device pushes, and all pages of its account have the reading. */
export async function fanOutMeasures({ bench, http, size }: Stage): Promise<Measure[]> {
  const accounts: { key: string; device: HttpDevice }[] = [];
  for (let n = 0; n < size.accounts; n++) accounts.push(await openAccount(bench, n));
  const listeners = size.accounts * EACH;
  const ours = new Listeners();
  const bare = new Listeners();
  await Promise.all(
    accounts.flatMap(({ key }) =>
      Array.from({ length: EACH }, () =>
        ours.open(`http://127.0.0.1:${bench.server.httpPort}/api/v1/live`, { 'x-api-key': key }),
      ),
    ),
  );
  await Promise.all(Array.from({ length: listeners }, () => bare.open(`http://127.0.0.1:${http.port}/live`, {})));
  let n = 0;
  const firstS = Math.floor(Date.now() / 1000) - 3_600;
  const pushAll = async (): Promise<void> => {
    n++;
    await Promise.all(accounts.map(({ device }) => device.push(fourInputs(device.serial, firstS + n * 10, n))));
  };
  // An account's first reading also tells that its device is there.
  const first = ours.all(listeners);
  await pushAll();
  await first;
  const cpu = { ours: Number.NaN, bare: Number.NaN };
  const event = `event: reading\ndata: ${'x'.repeat(900)}\n\n`;
  const tellings = async (
    pid: number,
    listening: Listeners,
    tell: () => Promise<unknown>,
  ): Promise<{ ms: number; cpuUs: number }> => {
    const before = usageOf(pid).cpuS;
    const times: number[] = [];
    for (let telling = 0; telling < TELLINGS; telling++) {
      const startedAt = performance.now();
      const all = listening.all(listeners);
      await tell();
      await all;
      times.push(performance.now() - startedAt);
    }
    return {
      ms: spreadOf(times).median,
      cpuUs: ((usageOf(pid).cpuS - before) / (TELLINGS * listeners)) * 1e6,
    };
  };
  return [
    {
      name: 'fan_out',
      what: `from a push to the last of ${listeners} open streams of ${size.accounts} accounts (250 ms of it gather)`,
      unit: 'ms',
      async ours() {
        const { ms, cpuUs } = await tellings(bench.server.pid, ours, pushAll);
        cpu.ours = cpuUs;
        return ms;
      },
      neighbours: [
        {
          name: 'bare_http',
          what: 'node:http that writes the same to as many streams',
          async measure() {
            const { ms, cpuUs } = await tellings(http.pid, bare, () =>
              fetch(`http://127.0.0.1:${http.port}/tell`, { method: 'POST', body: event }),
            );
            cpu.bare = cpuUs;
            return ms;
          },
        },
      ],
    },
    {
      name: 'fan_out_cpu',
      what: 'processor a delivered reading, its push included',
      unit: 'µs',
      ours: async () => cpu.ours,
      neighbours: [{ name: 'bare_http', what: 'of node:http', measure: async () => cpu.bare }],
    },
  ];
}

async function openAccount(bench: Stage['bench'], n: number): Promise<{ key: string; device: HttpDevice }> {
  const key = newApiKey();
  const serial = `1181${String(n).padStart(8, '0')}`;
  await bench.owner(async (owner) => {
    const userId = await insertAccount(owner, {
      email: `live${n}@example.org`,
      passwordHash: 'x',
      firstName: '',
      lastName: '',
      timeZone: 'Europe/Berlin',
      isAdmin: false,
      isVerified: true,
    });
    const kept = { name: 'live', scope: 'full' as const, hash: hashApiKey(key), hint: apiKeyHint(key) };
    await insertApiKeyFor(owner, userId, { ...kept, createdAt: new Date(), expiresAt: null });
    await owner.query(
      `INSERT INTO api.inverter (user_id, site_id, kind, serial, name)
       SELECT $1, (SELECT id FROM api.site WHERE user_id = $1), 'opendtu', $2, $2`,
      [userId, serial],
    );
  });
  return { key, device: new HttpDevice(serial, bench.server.httpPort, key) };
}

/** Open streams that count the readings which reach them. */
class Listeners {
  readonly #open: ClientRequest[] = [];
  #readings = 0;
  #wanted: { count: number; resolve: () => void } | null = null;

  open(url: string, headers: Record<string, string>): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = get(url, { headers, agent: false }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`a stream was answered with ${response.statusCode}`));
        response.setEncoding('utf8').on('data', (text: string) => {
          resolve();
          this.#count(text.split('event: reading').length - 1);
        });
        response.on('error', () => undefined);
      });
      request.on('error', reject);
      this.#open.push(request);
    });
  }

  /** Resolves when so many more readings have come. */
  all(count: number): Promise<void> {
    this.#readings = 0;
    return new Promise((resolve) => {
      this.#wanted = { count, resolve };
    });
  }

  #count(readings: number): void {
    this.#readings += readings;
    if (this.#wanted === null || this.#readings < this.#wanted.count) return;
    this.#wanted.resolve();
    this.#wanted = null;
  }
}
