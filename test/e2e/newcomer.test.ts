import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utcOffsetMinutes } from '../../src/domain/period.ts';
import { readmePush } from '../support/readme-push.ts';
import { freePort, removeData, type ServerProcess, startServer } from '../support/server-process.ts';
import { TestLogger } from '../support/solarman-logger.ts';
import { TcpClient } from '../support/tcp-client.ts';

/** A newcomer's machine: nothing set but ports and folder, everything as people start it. */
let server: ServerProcess;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const json = async <T>(args: string[]): Promise<T> => JSON.parse(await server.cli(...args, '--json')) as T;

async function health(): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${server.url}/healthcheck`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('the first start', () => {
  it('says where it is and prints the one-time link', () => {
    expect(server.output()).toContain(`localhost:${server.httpPort}`);
    expect(server.setupLink()).toMatch(/\/setup\?token=[\w-]{40,}$/);
  });

  it('keeps its secrets readable by itself alone', () => {
    for (const name of ['auth_secret', 'encryption_key', 'postgres-password']) {
      const file = join(server.dataDir, 'secrets', name);
      expect(existsSync(file), name).toBe(true);
      expect(statSync(file).mode & 0o777, name).toBe(0o600);
    }
  });

  it('reports itself healthy in the predecessor’s words and its own', async () => {
    expect(await health()).toEqual({
      status: 200,
      body: { status: 'ok', FastAPI: 'OK', components: { database: 'ok', collector: 'ok', worker: 'ok' } },
    });
  });
});

describe('devices, with commands beside the running server', () => {
  let key: string;
  const logger = new TestLogger(4_151_234_567, new Date(Date.now() - 3600_000));

  it('registers an account, a key and two devices', async () => {
    const account = await json<{ id: number; email: string }>([
      'user',
      'create',
      '--email',
      'anna@example.org',
      '--password',
      'Sonne-und-Wind-7',
      '--admin',
    ]);
    expect(account).toEqual({ id: expect.any(Number), email: 'anna@example.org' });
    ({ key } = await json<{ key: string }>([
      'api-key',
      'create',
      '--email',
      'anna@example.org',
      '--name',
      'DTU',
      '--scope',
      'full',
    ]));
    expect(key).toMatch(/^[A-Z2-9]{4}(-[A-Z2-9]{4}){3}$/);
    const deye = await json([
      'inverter',
      'add',
      '--email',
      'anna@example.org',
      '--serial',
      '4151234567',
      '--name',
      'Balkon',
      '--kind',
      'solarman',
    ]);
    expect(deye).toEqual({ id: expect.any(Number), serial: '4151234567', name: 'Balkon', kind: 'solarman' });
    await json([
      'inverter',
      'add',
      '--email',
      'anna@example.org',
      '--serial',
      '116166771004',
      '--name',
      'Dach',
      '--kind',
      'opendtu',
    ]);
  });

  const api = async (path: string) => {
    const response = await fetch(`${server.url}${path}`, { headers: { 'x-api-key': key } });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const inverterId = async (serial: string): Promise<number> => {
    const { items } = (await api('/api/v1/inverters')).body as { items: { id: number; serial: string }[] };
    return items.find((i) => i.serial === serial)?.id ?? 0;
  };
  const push = (body: unknown, headers: Record<string, string> = { 'x-api-key': key }) =>
    fetch(`${server.url}/api/opendtu/measurements`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  it('answers a logger byte for byte, with the site’s offset, and shows what it sent', async () => {
    const client = await TcpClient.open(server.collectorPort);
    client.write(logger.handshake(new Date()));
    const handshakeAck = await client.take(23);
    expect(handshakeAck[4]).toBe(0x11);
    logger.learnTime(new Date());
    const at = new Date();
    client.write(logger.data(at));
    const ack = await client.take(23);
    expect(ack[4]).toBe(0x12);
    expect(ack.readInt32LE(17)).toBe(utcOffsetMinutes('Europe/Berlin', new Date()));
    expect(ack.readUInt32LE(13)).toBeGreaterThanOrEqual(Math.floor(at.getTime() / 1000));
    expect(ack.readUInt32LE(13)).toBeLessThanOrEqual(Date.now() / 1000);
    client.close();

    const path = `/api/v1/inverters/${await inverterId('4151234567')}/current`;
    const { body } = await api(path);
    expect(body).toMatchObject({
      power_w: 598,
      voltage_v: 232.1,
      current_a: 2.6,
      frequency_hz: 50.02,
      temperature_c: 41.3,
      energy_total_wh: 177_500,
    });
    // What the device is follows beside the acknowledgement.
    await expect
      .poll(async () => (await api(path)).body)
      .toMatchObject({ rated_power_w: 800, mppt_count: 2, inverter_serial: '2301234567' });
    expect(Math.abs(Date.parse(String(body['sampled_at'])) - at.getTime())).toBeLessThan(2_000);
  });

  it('answers the documented push in the documented shape, and shows it with its decimals', async () => {
    const at = new Date();
    const response = await push(readmePush(at));
    expect(response.status).toBe(201);
    const id = await inverterId('116166771004');
    expect(await response.json()).toMatchObject({
      dtu_serial: '145680140006',
      total_inverters: 1,
      success_count: 1,
      error_count: 0,
      results: [{ serial: '116166771004', status: 'ok', inverter_id: id, power_ac: 16 }],
    });
    const path = `/api/v1/inverters/${id}/current`;
    expect((await api(path)).body).toMatchObject({
      power_w: 16.1,
      voltage_v: 229.8,
      current_a: 0.07,
      frequency_hz: 49.99,
      power_factor: 0.617,
      power_dc_w: 17,
      energy_total_wh: 444_671,
      channels: [{ channel: 1, power_w: 3.4, voltage_v: 30.4, current_a: 0.11, irradiation_pct: 1.55 }],
    });
    // What the device is called follows beside the answer.
    await expect
      .poll(async () => (await api(path)).body)
      .toMatchObject({ channels: [{ channel: 1, name: 'Panel 1' }] });
  });

  it('refuses a wrong key, broken JSON and an unusable envelope clearly, and unknown serials with 404', async () => {
    expect((await push(readmePush(new Date()), { 'x-api-key': 'AAAA-BBBB-CCCC-DDDD' })).status).toBe(401);
    expect((await push(readmePush(new Date()), {})).status).toBe(401);
    const broken = await push('{"timestamp":');
    expect(broken.status).toBe(400);
    expect(await broken.json()).toHaveProperty('error');
    const unusable = await push({ inverters: 'none' });
    expect(unusable.status).toBe(422);
    expect(JSON.stringify(await unusable.json())).toContain('inverters');
    expect((await push(readmePush(new Date(), '999999999999'))).status).toBe(404);
  });

  it('drops garbage and a frame with a wrong checksum, and answers the good frame that follows', async () => {
    const client = await TcpClient.open(server.collectorPort);
    const bad = Buffer.from(logger.heartbeat());
    bad[bad.length - 2] = ((bad[bad.length - 2] ?? 0) + 1) & 0xff;
    client.write(Buffer.concat([Buffer.from('AT+YZCMPVER=MW3_16U_5406_2.32-D1\r\n\r\n'), bad, logger.heartbeat()]));
    expect((await client.take(23))[4]).toBe(0x17);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(client.waiting).toBe(0);
    client.close();
  });

  it('shows another account neither device', async () => {
    await json(['user', 'create', '--email', 'bert@example.org', '--password', 'Mond-und-Wind-8', '--verified']);
    const other = await json<{ key: string }>([
      'api-key',
      'create',
      '--email',
      'bert@example.org',
      '--name',
      'x',
      '--scope',
      'read',
    ]);
    const id = await inverterId('116166771004');
    const read = (path: string) => fetch(`${server.url}${path}`, { headers: { 'x-api-key': other.key } });
    expect((await read(`/api/v1/inverters/${id}/current`)).status).toBe(404);
    expect(await (await read('/api/v1/inverters')).json()).toMatchObject({ items: [] });
  });

  it('loses nothing that was acknowledged when node is killed, and just starts again', async () => {
    const at = new Date(Date.now() - 30_000);
    expect((await push(readmePush(at))).status).toBe(201);
    server.signal('SIGKILL');
    server = await server.restart();
    // The link is gone: there is an administrator now.
    expect(() => server.setupLink()).toThrow();
    // The second of that push, and of no other.
    const second = Math.floor(at.getTime() / 1000) * 1000;
    const [from, to] = [second, second + 1000].map((ms) => new Date(ms).toISOString());
    const { body } = await api(
      `/api/v1/inverters/${await inverterId('116166771004')}/power?from=${from}&to=${to}&bucket=raw`,
    );
    expect(body).toMatchObject({ points: [{ power_w: 16.1 }] });
  });

  it('stops cleanly on Ctrl-C: exit code 0, nothing left running', async () => {
    server.signal('SIGINT');
    expect(await server.exited).toBe(0);
    expect(existsSync(join(server.dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
    server = await server.restart();
    expect((await health()).status).toBe(200);
  });

  it('stops cleanly on Ctrl-C before it is ready, too', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'deye-hard-e2e-'));
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../dist/main.js')], {
      env: {
        PATH: process.env['PATH'] ?? '',
        DATA_DIR: dataDir,
        HTTP_PORT: `${await freePort()}`,
        COLLECTOR_PORT: `${await freePort()}`,
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)));
    await expect.poll(() => existsSync(join(dataDir, 'postgres.log')), { timeout: 30_000 }).toBe(true);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(output).not.toContain('is ready');
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
    await removeData(dataDir);
  });
});
