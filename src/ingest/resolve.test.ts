import { beforeEach, describe, expect, it } from 'vitest';
import type { DbPool } from '../db/pools.ts';
import { Unavailable } from '../domain/errors.ts';
import { DeviceResolver } from './resolve.ts';

/** A pool that knows every serial that begins with a 4, and what it was asked for. */
let asked: string[][];
let isDown: boolean;
let resolver: DeviceResolver;
const pool = {
  async query({ values }: { values: [string, number | null, string[]] }) {
    const serials = values[2];
    asked.push(serials);
    if (isDown) throw new Unavailable('down');
    const known = serials.filter((serial) => serial.startsWith('4'));
    return {
      rows: known.map((serial, i) => ({ serial, user_id: 1, inverter_id: i + 1, site_id: 1, time_zone: 'UTC' })),
    };
  },
} as unknown as DbPool;
beforeEach(() => {
  asked = [];
  isDown = false;
  resolver = new DeviceResolver(pool);
});

const look = async (serial: string, atS: number) =>
  (await resolver.resolve('solarman', null, [serial], atS * 1000)).has(serial);

describe('whose a serial is', () => {
  it('is asked once a minute, nobody’s every ten seconds', async () => {
    for (const second of [0, 59, 60]) expect(await look('41', second)).toBe(true);
    expect(asked).toEqual([['41'], ['41']]);
    asked = [];
    for (const second of [0, 9, 10]) expect(await look('51', second)).toBe(false);
    expect(asked).toEqual([['51'], ['51']]);
  });

  it('is known without asking as long as the answer is good', async () => {
    expect(resolver.current('solarman', null, '41', 0)).toBeUndefined();
    await look('41', 0);
    await look('51', 0);
    expect(resolver.current('solarman', null, '41', 59_000)?.serial).toBe('41');
    expect(resolver.current('solarman', null, '51', 1_000)).toBeUndefined();
    expect(resolver.current('solarman', null, '41', 60_000)).toBeUndefined();
    resolver.invalidate();
    expect(resolver.current('solarman', null, '41', 1_000)).toBeUndefined();
  });

  it('is asked for with that of others who are due soon, so that they need not be', async () => {
    await look('41', 0);
    await look('42', 10);
    await resolver.resolve('opendtu', 1, ['44'], 15_000);
    await look('43', 29);
    asked = [];
    expect(await look('41', 60)).toBe(true);
    expect(await look('42', 75)).toBe(true);
    expect(await look('43', 119)).toBe(true);
    expect(asked).toEqual([['41', '42', '43']]);
  });

  it('is asked for by each at first, and answered from before while nobody can be asked', async () => {
    await look('41', 0);
    await look('42', 0);
    isDown = true;
    await expect(look('41', 61)).rejects.toThrow(Unavailable);
    expect(resolver.lastKnown('solarman', null, '42')?.serial).toBe('42');
    isDown = false;
    asked = [];
    expect(await look('42', 62)).toBe(true);
    expect(asked).toEqual([['42', '41']]);
  });

  it('is asked for anew after a change, at most 500 at a time', async () => {
    const many = Array.from({ length: 700 }, (_, i) => String(4000 + i));
    await resolver.resolve('solarman', null, many, 0);
    resolver.invalidate();
    asked = [];
    expect(await look('4699', 1)).toBe(true);
    expect(asked.map(({ length }) => length)).toEqual([501]);
  });
});
