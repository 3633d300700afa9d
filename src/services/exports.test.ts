import { describe, expect, it } from 'vitest';
import { joined } from './exports.ts';

/** Two columns of the inverter, three of two inputs each. */
const NO_AC = ',';
const NO_DC = ',,,,,';

describe('samples of inverter and inputs, side by side', () => {
  it('keep their columns where the one or the other was not stored', () => {
    const ac = [
      { ms: 1_000, cells: '600,230' },
      { ms: 3_000, cells: '610,231' },
    ];
    const dc = [
      { ms: 1_000, cells: '1,30.4,,2,30.4,' },
      { ms: 2_000, cells: ',,,2,30.4,' },
      { ms: 4_000, cells: '1,30.4,,,,' },
    ];
    expect([...joined(ac, dc, NO_AC, NO_DC)]).toEqual([
      { ms: 1_000, cells: '600,230,1,30.4,,2,30.4,' },
      { ms: 2_000, cells: ',,,,,2,30.4,' },
      { ms: 3_000, cells: '610,231,,,,,,' },
      { ms: 4_000, cells: ',,1,30.4,,,,' },
    ]);
  });
});
