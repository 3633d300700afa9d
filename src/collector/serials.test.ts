import { describe, expect, it } from 'vitest';
import { Serials } from './serials.ts';

const MINUTE = 60_000;

describe('serials', () => {
  it('let a newer connection replace the older one', () => {
    const serials = new Serials<string>();
    expect(serials.claim('1', 'old', 0)).toEqual([]);
    expect(serials.claim('2', 'other', 0)).toEqual([]);
    expect(serials.claim('1', 'new', 1)).toEqual(['old']);
    expect(serials.of('1')).toEqual(['new']);
  });

  it('forget a device whose connections are over', () => {
    const serials = new Serials<string>();
    serials.claim('1', 'a', 0);
    serials.release('1', 'a');
    serials.release('1', 'a');
    expect(serials.of('1')).toEqual([]);
    expect(serials.claim('1', 'b', 1)).toEqual([]);
  });

  it('leave a device that connects twice over and over with two connections', () => {
    const serials = new Serials<string>();
    serials.claim('1', 'a', 0);
    expect(['b', 'c', 'd'].map((name, i) => serials.claim('1', name, i * MINUTE))).toEqual([['a'], ['b'], ['c']]);
    expect(serials.claim('1', 'e', 4 * MINUTE)).toEqual([]);
    expect(serials.of('1')).toEqual(['d', 'e']);
    expect(serials.claim('1', 'f', 5 * MINUTE)).toEqual(['d']);
    expect(serials.of('1')).toEqual(['e', 'f']);
    serials.release('1', 'd');
    expect(serials.of('1')).toEqual(['e', 'f']);
  });

  it('replace again after a quiet quarter of an hour', () => {
    const serials = new Serials<string>();
    serials.claim('1', 'a', 0);
    for (const name of ['b', 'c', 'd', 'e']) serials.claim('1', name, 0);
    expect(serials.claim('1', 'f', 16 * MINUTE)).toEqual(['d', 'e']);
  });
});
