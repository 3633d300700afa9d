import { describe, expect, test } from 'vitest';
import { agrees, matchSamples, reckon } from './reckoning.ts';
import { type Booked, type SampleTimes, Tally } from './report.ts';

const NOON = Date.UTC(2026, 5, 21, 12);
const times = (changes: Partial<SampleTimes> = {}): SampleTimes => ({ exact: [], about: [], arrival: 0, ...changes });
const at = (...seconds: number[]) => seconds.map((s) => NOON + s * 1000);

describe('samples that are there', () => {
  test.each<[string, number[], SampleTimes, SampleTimes, { missing: number; unexpected: number }]>([
    ['all of them', at(0, 60), times({ exact: at(0, 60) }), times(), { missing: 0, unexpected: 0 }],
    ['one lost', at(60), times({ exact: at(0, 60) }), times(), { missing: 1, unexpected: 0 }],
    ['one doubled', at(0, 0.5, 60), times({ exact: at(0, 60) }), times(), { missing: 0, unexpected: 1 }],
    ['two of one second', at(0, 1), times({ exact: at(0, 0) }), times(), none()],
    ['one of two of one second lost', at(0), times({ exact: at(0, 0) }), times(), { missing: 1, unexpected: 0 }],
    ['one a second off', at(1), times({ exact: at(0) }), times(), { missing: 1, unexpected: 1 }],
    ['undated ones within seconds', at(3, 28), times({ about: at(0, 30) }), times(), { missing: 0, unexpected: 0 }],
    ['an undated one too far off', at(13), times({ about: at(0) }), times(), { missing: 1, unexpected: 1 }],
    ['an unanswered one that came', at(0, 60), times({ exact: at(0) }), times({ exact: at(60) }), none()],
    ['an unanswered one that did not', at(0), times({ exact: at(0) }), times({ exact: at(60) }), none()],
    ['one of the time of its arrival', at(0, 77), times({ exact: at(0), arrival: 1 }), times(), none()],
    ['that one lost', at(0), times({ exact: at(0), arrival: 1 }), times(), { missing: 1, unexpected: 0 }],
    ['that one perhaps', at(0), times({ exact: at(0) }), times({ arrival: 1 }), none()],
    ['an exact one is not taken by a vague one', at(0, 3), times({ exact: at(3), about: at(2) }), times(), none()],
  ])('%s', (_, found, stored, uncertain, result) => {
    expect(matchSamples(found, stored, uncertain)).toEqual(result);
  });
});

describe('energy', () => {
  const device = { kind: 'solarman', serial: '1', name: '', ratedPowerW: 800, mpptCount: 2 } as const;
  const sample = (s: number, counterWh: number, fate: Booked['fate'] = 'booked'): Booked => ({
    atMs: NOON + s * 1000,
    counterWh,
    producedWh: counterWh,
    fate,
    dating: 'exact',
  });
  const acknowledged = (...samples: Booked[]) => {
    const tally = new Tally(device);
    for (const one of samples) tally.acknowledged(one);
    return tally;
  };
  const found = (bookedWh: number, ...seconds: number[]) => ({
    bookedWh,
    counterWh: null,
    sampleMs: at(...seconds),
    events: {},
  });

  test('is the difference of the counters that may be believed', () => {
    const tally = acknowledged(sample(0, 1000), sample(60, 0, 'doubted'), sample(120, 1300), sample(9, 5, 'outside'));
    const books = reckon(tally, null, found(300, 0, 60, 120));
    expect(books).toMatchObject({ expectedWh: 300, mostWh: 300, bookedWh: 300, samplesExpected: 3, samplesFound: 3 });
    expect(agrees(books)).toBe(true);
    expect(agrees(reckon(tally, null, found(299, 0, 60, 120)))).toBe(false);
    expect(agrees(reckon(tally, null, found(301, 0, 60, 120)))).toBe(false);
    expect(agrees(reckon(tally, null, found(300, 0, 120)))).toBe(false);
  });

  test('begins where the server already was', () => {
    const books = reckon(
      acknowledged(sample(0, 1000), sample(60, 1300)),
      { bookedWh: 50, counterWh: 900 },
      found(450, 0, 60),
    );
    expect(books).toMatchObject({ expectedWh: 400, bookedWh: 400 });
  });

  test('may be more where the answer to the last sample was lost', () => {
    const tally = acknowledged(sample(0, 1000), sample(60, 1300));
    tally.unanswered(sample(120, 1500));
    tally.unanswered(sample(180, 9_000_000, 'doubted'));
    expect(agrees(reckon(tally, null, found(500, 0, 60, 120)))).toBe(true);
    expect(agrees(reckon(tally, null, found(300, 0, 60)))).toBe(true);
    expect(agrees(reckon(tally, null, found(501, 0, 60, 120)))).toBe(false);
  });

  test('may be more where the answer to the first sample was lost', () => {
    const tally = acknowledged(sample(60, 1300), sample(120, 1500));
    tally.unanswered(sample(0, 1000));
    expect(agrees(reckon(tally, null, found(500, 0, 60, 120)))).toBe(true);
    expect(agrees(reckon(tally, null, found(200, 60, 120)))).toBe(true);
    expect(agrees(reckon(tally, { bookedWh: 0, counterWh: 1300 }, found(500, 0, 60, 120)))).toBe(false);
  });

  test('of a device that never said anything is none', () => {
    expect(reckon(acknowledged(), null, found(0))).toMatchObject({ expectedWh: 0, mostWh: 0, missing: 0 });
  });
});

function none() {
  return { missing: 0, unexpected: 0 };
}
