import { describe, expect, test } from 'vitest';
import { present } from '../../test/support/present.ts';
import type { Sample } from './deye-micro.ts';
import { SampleStore } from './sample-store.ts';

const sample = (n: number): Sample => ({
  payload: Buffer.from([1, n & 0xff]),
  isDated: true,
  atMs: n,
  counterWh: 0,
  producedWh: 0,
  fate: 'booked',
  dating: 'exact',
  copy: null,
  isAcknowledged: false,
});

describe("a logger's memory", () => {
  test('gives the newest sample out live once, and stored from then on', () => {
    const store = new SampleStore();
    expect(store.next()).toBeNull();
    const only = sample(1);
    store.keep(only, false);
    expect(store.next()).toEqual({ sample: only, payload: Buffer.from([0x01, 1]), isRepeated: false });
    expect(store.next()).toEqual({ sample: only, payload: Buffer.from([0x81, 1]), isRepeated: true });
    // What was taken is not changed by how it was sent
    expect(only.payload[0]).toBe(0x01);
    store.drop(only);
    expect(store.next()).toBeNull();
  });

  test('gives the oldest first, as stored while a newer one waits', () => {
    const store = new SampleStore();
    for (const n of [1, 2]) store.keep(sample(n), false);
    const first = store.next();
    expect(first).toMatchObject({ payload: Buffer.from([0x81, 1]), isRepeated: false });
    store.drop(present(first).sample);
    expect(store.next()).toMatchObject({ payload: Buffer.from([0x01, 2]), isRepeated: false });
  });

  test('knows that a sample of the past, or of before it knew the time, is never live', () => {
    const store = new SampleStore();
    store.keep(sample(1), true);
    expect(store.next()?.payload[0]).toBe(0x81);
    const undated = new SampleStore();
    undated.keep({ ...sample(1), isDated: false }, false);
    expect(undated.next()?.payload[0]).toBe(0x81);
  });

  test('forgets the oldest when it is full, but not the one under way', () => {
    const store = new SampleStore();
    let lost = 0;
    for (let n = 0; n < 300; n++) lost += store.keep(sample(n), false);
    expect([store.size, lost]).toEqual([288, 12]);
    const underWay = present(store.next());
    expect(underWay.sample.atMs).toBe(0);
    store.drop(underWay.sample);
    expect(store.next()?.sample.atMs).toBe(13);
  });
});
