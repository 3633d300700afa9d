import { describe, expect, it } from 'vitest';
import { DAY, facts, foldAll, MINUTE, sumWh } from '../../../test/support/energy-samples.ts';
import { foldEnergy } from '../energy.ts';
import { packEnergyState, unpackEnergyState } from './packing.ts';
import { emptyEnergyState } from './state.ts';
import type { CounterInput, EnergySample } from './types.ts';

const START = Date.UTC(2026, 5, 12, 9);

describe('packing', () => {
  it.each([[null], [{}], [[]], [[2, 0, 0]], [[1, '0', 0]], [[1, 0, 0, [1]]]])(
    'refuses what it did not make: %j',
    (packed) => {
      expect(() => unpackEnergyState(packed)).toThrow(RangeError);
    },
  );

  it('the state of five counters stays small on the darkest day, with gaps and a doubtful value', () => {
    const counter = (totalWh: number, powerW: number): CounterInput[] =>
      [0, 1, 2, 3, 4].map((channel) => ({ channel, totalWh, powerW: powerW + channel / 10 }));
    const samples: EnergySample[] = [];
    for (let minute = 0; minute < 12 * 60; minute += 1) {
      if (minute % 120 > 100) continue;
      samples.push({ t: START + minute * MINUTE + (minute % 7), fresh: true, counters: counter(10_177_500, 5.3) });
    }
    samples.push({ t: START + DAY, fresh: true, counters: counter(694_419_000, 1_234.5) });
    const given = facts({ kind: 'solarman', counterStepWh: 100 });
    const whole = foldAll(samples, given);
    const bytes = JSON.stringify(packEnergyState(whole.state)).length;
    expect(bytes).toBeLessThan(1500);
    console.log(`largest energy state of five counters: ${bytes} bytes`);
    const next = { t: START + DAY + MINUTE, fresh: true, counters: counter(10_177_600, 5) };
    expect(sumWh(foldEnergy(whole.state, [next], given).bookings, 0)).toBe(100);
  });
});

describe('speed (printed, not judged)', () => {
  it('folds a fleet', () => {
    const given = facts({ kind: 'opendtu', ratedPowerW: 1500 });
    const rounds = 60;
    const inverters = 500;
    const states = new Array<string>(inverters).fill(JSON.stringify(packEnergyState(emptyEnergyState())));
    let sizes = 0;
    const began = performance.now();
    for (let round = 0; round < rounds; round += 1) {
      for (let n = 0; n < inverters; n += 1) {
        const counters: CounterInput[] = [{ channel: 0, totalWh: null, powerW: 1100.3 }];
        for (let k = 1; k <= 4; k += 1) counters.push({ channel: k, totalWh: 444_671 + 5 * round, powerW: 275.1 + k });
        const sample = { t: START + round * MINUTE, fresh: true, counters };
        const { state } = foldEnergy(unpackEnergyState(JSON.parse(states[n] ?? '')), [sample], given);
        states[n] = JSON.stringify(packEnergyState(state));
        sizes += states[n]?.length ?? 0;
      }
    }
    const seconds = (performance.now() - began) / 1000;
    const samples = rounds * inverters;
    const alone: EnergySample[] = Array.from({ length: 60_000 }, (_, i) => ({
      t: START + i * 10_000,
      fresh: true,
      counters: [0, 1, 2, 3, 4].map((channel) => ({
        channel,
        totalWh: channel === 0 ? null : 444_671 + i,
        powerW: 300 + (i % 50),
      })),
    }));
    const foldBegan = performance.now();
    foldAll(alone, given);
    const foldSeconds = (performance.now() - foldBegan) / 1000;
    console.log(
      `energy fold, 5 counters: ${Math.round(alone.length / foldSeconds)} samples/s in one batch, ` +
        `${Math.round(samples / seconds)} samples/s one by one through JSON, state ${Math.round(sizes / samples)} bytes`,
    );
  });
});
