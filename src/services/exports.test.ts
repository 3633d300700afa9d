import { describe, expect, it } from 'vitest';
import { joined } from './exports.ts';

/** Two columns of the inverter, six of each input. */
const NOTHING = ',';
const input = (ms: number, channel: number) => ({ ms, channel, cells: `${channel},30.4,1,2,3,` });

describe('samples of inverter and inputs, side by side', () => {
  it('keep their columns where the one or the other was not stored', () => {
    const ac = [
      { ms: 1_000, channel: 0, cells: '600,230' },
      { ms: 3_000, channel: 0, cells: '610,231' },
    ];
    const dc = [input(1_000, 1), input(1_000, 2), input(2_000, 2), input(4_000, 1)];
    expect([...joined(ac, dc, [1, 2], NOTHING)]).toEqual([
      { ms: 1_000, cells: '600,230,1,30.4,1,2,3,,2,30.4,1,2,3,' },
      { ms: 2_000, cells: ',,,,,,,,2,30.4,1,2,3,' },
      { ms: 3_000, cells: '610,231,,,,,,,,,,,,' },
      { ms: 4_000, cells: ',,1,30.4,1,2,3,,,,,,,' },
    ]);
  });
});
