import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RestingConnections } from './resting-connections.ts';

let nowMs: number;
let spare: number;
let resting: RestingConnections;
beforeEach(() => {
  nowMs = 0;
  spare = 0;
  resting = new RestingConnections({ spare: () => spare, restMs: 5_000, most: 600, nowMs: () => nowMs });
});
afterEach(() => resting.end());

function add(many: number): PassThrough[] {
  const sockets = Array.from({ length: many }, () => new PassThrough());
  for (const socket of sockets) resting.add(socket);
  return sockets;
}

const areRead = (sockets: readonly PassThrough[]): boolean[] => sockets.map((socket) => !socket.isPaused());

describe('connections of refused devices', () => {
  it('are not read until their time has come', () => {
    const first = add(1);
    nowMs = 1_000;
    const sockets = [...first, ...add(1)];
    nowMs = 4_999;
    resting.wake();
    expect(areRead(sockets)).toEqual([false, false]);
    nowMs = 5_000;
    resting.wake();
    expect(areRead(sockets)).toEqual([true, false]);
  });

  it('are in there once, since the first time', () => {
    const [socket] = add(1);
    nowMs = 1_000;
    if (socket !== undefined) resting.add(socket);
    expect(resting.size).toBe(1);
    nowMs = 5_000;
    resting.wake();
    expect(resting.size).toBe(0);
  });

  it('are read sooner while there is room, the oldest first, as many as there is room for', () => {
    const sockets = add(4);
    spare = 2;
    resting.wake();
    expect(areRead(sockets)).toEqual([true, true, false, false]);
  });

  it('come back so many in one go at most, although their time has come', () => {
    const sockets = add(501);
    nowMs = 60_000;
    spare = 2_000;
    resting.wake();
    expect(areRead(sockets).filter(Boolean)).toHaveLength(500);
    resting.wake();
    expect(resting.size).toBe(0);
  });

  it('are so many at most; the oldest makes way', () => {
    const sockets = add(601);
    expect(resting.size).toBe(600);
    expect(areRead(sockets.slice(0, 2))).toEqual([true, false]);
  });

  it('that were closed meanwhile drop out and take nobody’s room', () => {
    const sockets = add(3);
    sockets[0]?.destroy();
    spare = 1;
    resting.wake();
    expect(areRead(sockets.slice(1))).toEqual([true, false]);
    expect(resting.size).toBe(1);
  });

  it('are closed when the server ends, and nobody rests any longer', () => {
    const sockets = add(3);
    resting.end();
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true, true]);
    expect(areRead(add(1))).toEqual([true]);
    expect(resting.size).toBe(0);
  });
});
