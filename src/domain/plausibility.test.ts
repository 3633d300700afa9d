import { describe, expect, it } from 'vitest';
import { judgePower, judgeReading, powerLimits, ratedForCap } from './plausibility.ts';
import { type ChannelReading, emptyReading, type Reading } from './reading.ts';

const input: ChannelReading = {
  channel: 1,
  name: 'Carport',
  powerW: 380,
  voltageV: 31.2,
  currentA: 12.18,
  energyTodayWh: 1_489,
  energyTotalWh: 444_671,
  irradiationPct: 104.2,
};

function reading(change: Partial<Reading> = {}): Reading {
  return emptyReading({
    kind: 'opendtu',
    serial: '116183771004',
    sampledAt: new Date('2026-06-12T12:00:00Z'),
    timeQuality: 'device',
    ratedPowerW: 1500,
    powerW: 293.4,
    powerDcW: 308,
    voltageV: 231.4,
    currentA: 1.27,
    frequencyHz: 50.01,
    powerFactor: 0.998,
    temperatureC: 41.3,
    channels: [input],
    ...change,
  });
}

describe('judgeReading', () => {
  it('leaves a plausible reading alone', () => {
    for (const plain of [
      reading(),
      reading({ powerW: null, channels: [] }),
      reading({ powerW: -0.4 }),
      reading({ powerW: 1_600 }),
      reading({ kind: 'victron', ratedPowerW: null, powerW: 5_800 }),
      reading({ kind: 'solarman', ratedPowerW: null, powerW: 100_000 }),
    ]) {
      expect(judgeReading(plain)).toBe(plain);
    }
  });

  it.each<[string, Partial<Reading>, Partial<Reading>]>([
    ['1e12 W', { powerW: 1e12 }, { powerW: null }],
    ['more than 1.5 × rated', { powerW: 2_251 }, { powerW: null }],
    ['not a number', { powerW: Number.NaN }, { powerW: null }],
    ['6553.5 V', { voltageV: 6553.5 }, { voltageV: null }],
    ['655.35 A', { currentA: 655.35 }, { currentA: null }],
    ['a frequency of 655.35 Hz', { frequencyHz: 655.35 }, { frequencyHz: null }],
    ['-273 °C', { temperatureC: -273 }, { temperatureC: null }],
    ['an input of 6553.5 W', { channels: [{ ...input, powerW: 6553.5 }] }, { channels: [{ ...input, powerW: null }] }],
    [
      'an input of 6553.5 V',
      { channels: [{ ...input, voltageV: 6553.5 }] },
      { channels: [{ ...input, voltageV: null }] },
    ],
    [
      'a phase of 655.35 A',
      { phases: [{ voltageV: 230, currentA: 655.35, powerW: 100 }] },
      { phases: [{ voltageV: 230, currentA: null, powerW: 100 }] },
    ],
  ])('%s becomes unknown, flagged, and nothing else changes', (_name, wrong, mended) => {
    expect(judgeReading(reading(wrong))).toEqual(reading({ ...wrong, ...mended, flags: ['value_rejected'] }));
  });

  it('flags once, keeps other flags, and leaves counters to the fold', () => {
    const judged = judgeReading(
      reading({ powerW: 1e9, energyTotalWh: 2_113_405_000, flags: ['stale', 'value_rejected'] }),
    );
    expect(judged.flags).toEqual(['stale', 'value_rejected']);
    expect(judged.energyTotalWh).toBe(2_113_405_000);
  });

  it('goes by the owner’s rating where the reading has none', () => {
    const unknown = reading({ kind: 'other', ratedPowerW: null, powerW: 5_000 });
    expect(judgeReading(unknown).powerW).toBe(5_000);
    expect(judgeReading(unknown, 800).powerW).toBeNull();
  });
});

describe('limits', () => {
  it('judgePower', () => {
    expect(judgePower(900, 900)).toBe(900);
    expect(judgePower(900.1, 900)).toBeNull();
    expect(judgePower(-901, 900)).toBeNull();
    expect(judgePower(null, 900)).toBeNull();
  });

  it('a hybrid may take more from the roof than it gives to the grid', () => {
    expect(powerLimits({ kind: 'solarman', ratedPowerW: 8_000 })).toEqual({
      acW: 12_000,
      dcW: 16_000,
      inputW: 100_000,
    });
  });

  it('the cap of a counter reckons with the rating, else with what its kind can be (devices §4.2)', () => {
    expect(ratedForCap({ kind: 'other', ratedPowerW: null }, 0)).toBe(30_000);
    expect(ratedForCap({ kind: 'other', ratedPowerW: 800 }, 0)).toBe(800);
    expect(ratedForCap({ kind: 'opendtu', ratedPowerW: 1500 }, 2)).toBe(1_000);
    expect(ratedForCap({ kind: 'solarman', ratedPowerW: 2_000 }, 2)).toBe(1_000);
    expect(ratedForCap({ kind: 'solarman', ratedPowerW: 8_000 }, 2)).toBe(15_000);
    expect(ratedForCap({ kind: 'victron', ratedPowerW: null }, 1)).toBe(15_000);
  });
});
