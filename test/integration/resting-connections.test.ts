import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { deviceEndpoints } from '../../src/api/index.ts';
import { KEYS, type TestApp, testApp } from '../support/test-app.ts';

/** Whoever was told to come again is not listened to for a while: real connections, as Node’s server reads them. */
const PATH = '/api/opendtu/measurements';
const BODY = '{"dtu_serial":"1","timestamp":1760889283,"inverters":[]}';
const LONG_MS = 600_000;

let running: TestApp | null = null;
let port: number;
let devices: Device[] = [];
/** The server’s ends of all connections. */
let ends: Socket[] = [];
/** Lets those go on who are inside. */
let open: () => void;

interface Device {
  socket: Socket;
  /** Statuses of the answers so far. */
  statuses(): string[];
  write(text: string): void;
}

function push(path = PATH, headers: Record<string, string> = {}): string {
  const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEYS.ingest}\r\n${own.join('')}`;
  return `${head}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;
}

async function device(): Promise<Device> {
  const socket = connect({ host: '127.0.0.1', port });
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  await once(socket, 'connect');
  const made = {
    socket,
    statuses: () => [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status = '']) => status),
    write: (bytes: string) => void socket.write(bytes),
  };
  devices.push(made);
  return made;
}

const told = (asked: Device, statuses: string[]): Promise<void> =>
  expect.poll(() => asked.statuses()).toEqual(statuses);

/** A server that has room for two, who are inside until `open`. */
async function fullServer(deviceRestMs: number): Promise<void> {
  let started = 0;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const ingest = {
    async push() {
      started++;
      await gate;
      return [];
    },
  };
  running = await testApp([deviceEndpoints({ ingest, now: () => new Date('2025-10-19T15:54:45Z') })], {
    maxDevicesUnderWay: 2,
    deviceRestMs,
  });
  ends = [];
  running.app.server.on('connection', (end) => ends.push(end));
  port = Number(new URL(await running.app.listen({ host: '127.0.0.1', port: 0 })).port);
  for (const inside of [await device(), await device()]) inside.write(push());
  await expect.poll(() => started).toBe(2);
}

const remotePorts = (): (number | undefined)[] => ends.filter((end) => !end.destroyed).map((end) => end.remotePort);

/** Whatever was sent before has been read now, if it is read at all. */
async function everythingIsRead(): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const other = await device();
    other.write(push());
    await told(other, ['503']);
  }
}

afterEach(async () => {
  open();
  for (const { socket } of devices) socket.destroy();
  devices = [];
  await running?.app.close();
});

it.each([
  ['beside the framework', PATH],
  ['on it', `${PATH}?x=1`],
])(
  'a device refused %s is not heard while there is no room, and then served on the same connection',
  async (_, path) => {
    await fullServer(LONG_MS);
    const refused = await device();
    refused.write(push(path));
    await told(refused, ['503']);
    refused.write(push(path) + push(path));
    await everythingIsRead();
    expect(refused.statuses()).toEqual(['503']);
    open();
    await told(refused, ['503', '201', '201']);
  },
);

it('it is heard after a while, room or not', async () => {
  await fullServer(50);
  const refused = await device();
  refused.write(push());
  await told(refused, ['503']);
  refused.write(push());
  await told(refused, ['503', '503']);
});

it('what a refused push still had to say is dropped afterwards', async () => {
  await fullServer(LONG_MS);
  const refused = await device();
  const half = push().length - 20;
  refused.write(push().slice(0, half));
  await told(refused, ['503']);
  refused.write(push().slice(half) + push());
  await everythingIsRead();
  expect(refused.statuses()).toEqual(['503']);
  open();
  await told(refused, ['503', '201']);
});

it('requests sent in one go are each answered, in turn', async () => {
  await fullServer(50);
  const refused = await device();
  refused.write(push() + push() + push());
  await told(refused, ['503', '503', '503']);
  refused.write(push());
  open();
  await expect.poll(() => refused.statuses()).toHaveLength(4);
});

it('a device that hangs up meanwhile is let go', async () => {
  await fullServer(LONG_MS);
  const refused = await device();
  refused.write(push());
  await told(refused, ['503']);
  const own = refused.socket.localPort;
  refused.socket.destroy();
  await everythingIsRead();
  expect(remotePorts()).toContain(own);
  open();
  await expect.poll(remotePorts).not.toContain(own);
});

it.each(['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP'])(
  'a connection of a proxy, which serves others too, is read on (%s)',
  async (header) => {
    await fullServer(LONG_MS);
    const proxy = await device();
    for (const path of [PATH, `${PATH}?x=1`]) proxy.write(push(path, { [header]: '192.0.2.1' }));
    await told(proxy, ['503', '503']);
    proxy.write('GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n');
    await told(proxy, ['503', '503', '404']);
  },
);

it('a server that ends does not wait for what a refused push still has to say', async () => {
  await fullServer(LONG_MS);
  const refused = await device();
  refused.write(push().slice(0, -20));
  await told(refused, ['503']);
  open();
  await running?.app.close();
  await expect.poll(() => refused.socket.closed).toBe(true);
});
