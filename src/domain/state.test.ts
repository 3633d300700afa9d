import { describe, expect, it } from 'vitest';
import { type InverterState, inverterState, type StateFacts } from './state.ts';

const now = new Date('2026-06-12T12:00:00Z');

function state(change: Partial<Omit<StateFacts, 'lastSampleAt'>> & { silentS?: number }): InverterState {
  const { silentS = 30, ...rest } = change;
  return inverterState({
    lastSampleAt: new Date(now.getTime() - silentS * 1000),
    lastReachable: true,
    powerW: 300,
    intervalS: 60,
    now,
    sunUp: true,
    everSeen: true,
    waiting: false,
    ...rest,
  });
}

describe('inverterState', () => {
  const cases: [string, Parameters<typeof state>[0], InverterState][] = [
    ['fresh, with power', {}, 'producing'],
    ['the protocol does not say whether it is reachable', { lastReachable: null }, 'producing'],
    ['fresh, no power', { powerW: 0 }, 'idle'],
    ['stand-by draw is no production', { powerW: -3 }, 'idle'],
    ['power unknown', { powerW: null }, 'idle'],
    ['battery-fed at night', { sunUp: false }, 'producing'],
    ['still answering at night', { sunUp: false, powerW: 0 }, 'idle'],
    ['three intervals are not yet silence', { silentS: 180 }, 'producing'],
    ['more than three intervals', { silentS: 181 }, 'stale'],
    ['not reachable by day', { lastReachable: false }, 'stale'],
    ['half an hour is not yet offline', { silentS: 1800 }, 'stale'],
    ['offline wins over stale', { silentS: 1801 }, 'offline'],
    ['not reachable for long', { silentS: 1801, lastReachable: false }, 'offline'],
    ['silent while the sun is down', { silentS: 181, sunUp: false }, 'asleep'],
    ['silent for ten hours while the sun is down', { silentS: 36_000, sunUp: false }, 'asleep'],
    ['not reachable while the sun is down', { lastReachable: false, sunUp: false }, 'asleep'],
    ['every 15 min: one missed', { intervalS: 900, silentS: 1799 }, 'producing'],
    ['every 15 min: silent for half an hour', { intervalS: 900, silentS: 1801 }, 'offline'],
    ['once an hour, between two samples', { intervalS: 3600, silentS: 3500 }, 'producing'],
    ['once an hour, silent for two', { intervalS: 3600, silentS: 7201 }, 'offline'],
    ['interval not known yet', { intervalS: null, silentS: 900 }, 'producing'],
    ['interval not known yet, silent', { intervalS: null, silentS: 901 }, 'stale'],
    ['an interval of 0 is none', { intervalS: 0, silentS: 10 }, 'producing'],
    ['never seen', { everSeen: false }, 'never_seen'],
    ['waiting comes before everything', { waiting: true, everSeen: false }, 'waiting'],
  ];
  it.each(cases)('%s', (_name, facts, expected) => {
    expect(state(facts)).toBe(expected);
  });

  it('seen, but it never measured anything', () => {
    const facts: StateFacts = {
      lastSampleAt: null,
      lastReachable: false,
      powerW: null,
      intervalS: null,
      now,
      sunUp: true,
      everSeen: true,
      waiting: false,
    };
    expect(inverterState(facts)).toBe('never_seen');
  });
});
