import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { probe } from './probe.ts';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

async function listen(answer: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    cleanUps.push(() => socket.destroy());
    socket.on('error', () => undefined);
    answer(socket);
  }).listen(0, '127.0.0.1');
  cleanUps.push(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const ask = (port: number) => probe({ host: '127.0.0.1', port, password: 'secret', dataFolder: '/nowhere' });

describe('who answers at an address', () => {
  test('nobody', async () => {
    const port = await listen(() => undefined);
    for (const cleanUp of cleanUps.splice(0)) cleanUp();
    expect(await ask(port)).toBe('nobody');
  });

  test('somebody who hangs up', async () => {
    expect(await ask(await listen((socket) => socket.end()))).toBe('somebody else');
  });

  test('somebody who speaks another language', async () => {
    expect(await ask(await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))).toBe('somebody else');
  });

  test('somebody who never speaks, in bounded time', async () => {
    expect(await ask(await listen(() => undefined))).toBe('not ready');
  });
});
