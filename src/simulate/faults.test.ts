import { describe, expect, test } from 'vitest';
import { present } from '../../test/support/present.ts';
import {
  brokenTotal,
  clockErrorS,
  FAULT_KINDS,
  type Fault,
  type FaultOptions,
  FaultSchedule,
  faultIn,
  faultKinds,
  isInStorm,
  MIN_SAMPLES_A_FAULT,
} from './faults.ts';

const EVERY_S = 1_800;
const SLOT_MS = EVERY_S * 1000;
const ALL: FaultOptions = { kinds: new Set(FAULT_KINDS), everyS: EVERY_S };
const seeds = Array.from({ length: 400 }, (_, i) => i);
const kindOf = (fault: Fault) =>
  fault.kind === 'glitches' ? fault.glitch : fault.kind === 'clocks' ? fault.clock : fault.kind;

describe('the plan of faults', () => {
  test('is the same for the same seed and slot, in whatever order it is asked', () => {
    const plan = (slots: number[]) => new Map(slots.map((slot) => [slot, faultIn(7, slot, ALL)]));
    const there = plan([3, 4, 5, 6]);
    for (const [slot, fault] of plan([6, 5, 4, 3])) expect(fault).toEqual(there.get(slot));
    expect(faultIn(8, 3, ALL)).not.toEqual(faultIn(7, 3, ALL));
  });

  test('has every kind about as often, and only the wanted ones', () => {
    const count = new Map<string, number>();
    for (const seed of seeds) {
      const { fault } = present(faultIn(seed, 9, ALL));
      count.set(kindOf(fault), (count.get(kindOf(fault)) ?? 0) + 1);
    }
    expect([...count.keys()].sort()).toEqual(
      ['reboots', 'outages', 'duplicates', 'spike', 'flip', 'fall', 'unset', 'future'].sort(),
    );
    expect(count.get('outages')).toBeGreaterThan(40);
    const outages: FaultOptions = { ...ALL, kinds: new Set(['outages', 'storms', 'tls']) };
    expect(seeds.every((seed) => faultIn(seed, 9, outages)?.fault.kind === 'outages')).toBe(true);
    expect(faultIn(1, 9, { ...ALL, kinds: new Set(['storms', 'tls']) })).toBeNull();
  });

  test('leaves enough good samples between two faults, so that none hides another', () => {
    const intervalMs = SLOT_MS / MIN_SAMPLES_A_FAULT;
    for (const seed of seeds.slice(0, 100)) {
      const schedule = new FaultSchedule(seed, ALL);
      let good = 0;
      let fewest = Number.POSITIVE_INFINITY;
      let outUntil = 0;
      for (let ms = 1_000 * seed; ms < 40 * SLOT_MS; ms += intervalMs) {
        const fault = schedule.due(ms);
        if (fault === null) {
          if (ms >= outUntil) good += 1;
          continue;
        }
        fewest = Math.min(fewest, good);
        good = 0;
        if (fault.kind === 'outages') outUntil = fault.untilMs;
      }
      expect(fewest, `device ${seed}`).toBeGreaterThanOrEqual(2);
      expect(fewest, `device ${seed}`).toBeLessThan(Number.POSITIVE_INFINITY);
    }
  });

  test('leaves the slot of the first sample alone, tells each fault once and none too late', () => {
    const planned = present(faultIn(5, 2, ALL));
    const schedule = new FaultSchedule(5, ALL);
    expect(schedule.due(SLOT_MS + 1)).toBeNull();
    expect(schedule.due(2 * SLOT_MS - 1)).toBeNull();
    expect(schedule.due(planned.startMs - 1)).toBeNull();
    expect(schedule.due(planned.startMs + 1)).toEqual(planned.fault);
    expect(schedule.due(planned.startMs + 2)).toBeNull();
    // Asleep until the end of the next slot
    expect(schedule.due(3.9 * SLOT_MS)).toBeNull();
    expect(schedule.due(present(faultIn(5, 4, ALL)).startMs + 1)).not.toBeNull();
  });
});

describe('a broken counter', () => {
  test.each([
    [1, 2_113_405_000, 'a DTU'],
    [100, 694_419_000, 'a logger'],
  ])('counting in %i Wh is always beyond what an inverter may have produced in a day', (stepWh, spikeWh) => {
    const wh = 12_345 * 100;
    for (const seed of seeds) {
      const chance = seed / seeds.length;
      expect(brokenTotal({ glitch: 'spike', chance }, wh, stepWh)).toBe(spikeWh);
      const flipped = brokenTotal({ glitch: 'flip', chance }, wh, stepWh);
      expect(Math.abs(flipped - wh)).toBeGreaterThanOrEqual(100_000);
      expect(Math.log2(Math.abs(flipped - wh) / stepWh) % 1).toBe(0);
      const fallen = brokenTotal({ glitch: 'fall', chance }, wh, stepWh);
      expect(wh - fallen).toBeGreaterThanOrEqual(10_000);
      expect(fallen).toBeGreaterThan(0);
      expect(brokenTotal({ glitch: 'fall', chance }, 300, stepWh)).toBe(stepWh);
    }
  });
});

test('some clocks are wrong for good, if that is wanted', () => {
  const errors = seeds.map((seed) => clockErrorS(seed, ALL)).filter((errorS) => errorS !== 0);
  expect(errors.length).toBeGreaterThan(25);
  expect(errors.length).toBeLessThan(100);
  // Ten minutes ahead is what a server puts up with
  expect(Math.max(...errors)).toBeLessThan(600);
  expect(seeds.every((seed) => clockErrorS(seed, { ...ALL, kinds: new Set(['glitches']) }) === 0)).toBe(true);
});

test('a storm takes half a fleet or more, another half each time', () => {
  const hit = (storm: number) => seeds.filter((logger) => isInStorm(3, storm, logger));
  for (const storm of [1, 2, 3]) expect(hit(storm).length).toBeGreaterThan(0.45 * seeds.length);
  expect(hit(1)).not.toEqual(hit(2));
  expect(hit(1)).toEqual(hit(1));
});

test('kinds are chosen by name', () => {
  expect(faultKinds('all').size).toBe(FAULT_KINDS.length);
  expect([...faultKinds('tls,reboots')]).toEqual(['tls', 'reboots']);
  expect(() => faultKinds('rain')).toThrow(/no fault "rain".*glitches/);
});
