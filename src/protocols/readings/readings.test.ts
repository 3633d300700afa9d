import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.ts';
import { decodeReading, decodeReadings, MAX_READINGS } from './readings.ts';

const SENT = { serial: 'heat-pump', sampled_at: '2026-06-21T12:00:00+02:00', power_w: 812.5 };

describe('a reading', () => {
  it('is taken with its numbers, inputs and phases; what was not sent is unknown', () => {
    const sent = {
      ...SENT,
      kind: 'opendtu',
      channels: [
        { channel: 2, name: 'West', power_w: 17 },
        { channel: 1, power_w: 0 },
      ],
      phases: [{ voltage_v: 230.1 }],
    };
    const decoded = decodeReading(sent);
    expect(decoded).toMatchObject({
      ok: true,
      serial: 'heat-pump',
      kind: 'opendtu',
      reading: {
        sampledAt: new Date('2026-06-21T10:00:00Z'),
        powerW: 812.5,
        energyTotalWh: null,
        channels: [
          { channel: 1, name: null, powerW: 0, voltageV: null },
          { channel: 2, name: 'West', powerW: 17 },
        ],
        phases: [{ voltageV: 230.1, currentA: null }],
      },
    });
  });

  it.each([
    ['no object', 7, null, 'reading'],
    ['no serial', { ...SENT, serial: ' ' }, ' ', 'serial'],
    ['no time', { ...SENT, sampled_at: undefined }, 'heat-pump', 'sampled_at'],
    ['a time without a zone', { ...SENT, sampled_at: '2026-06-21T12:00:00' }, 'heat-pump', 'sampled_at'],
    ['a kind that there is not', { ...SENT, kind: 'windmill' }, 'heat-pump', 'kind'],
    ['no value', { ...SENT, power_w: null }, 'heat-pump', 'reading'],
    ['a power nobody has', { ...SENT, power_w: 1_000_001 }, 'heat-pump', 'power_w'],
    ['an input twice', { ...SENT, channels: [{ channel: 1 }, { channel: 1 }] }, 'heat-pump', 'channel'],
  ])('with %s is refused, and its field named', (_, sent, serial, field) => {
    expect(decodeReading(sent)).toMatchObject({ ok: false, serial, field: expect.stringContaining(field) });
  });
});

describe('a batch', () => {
  it('answers each reading for itself', () => {
    expect(decodeReadings({ readings: [SENT, {}, SENT] }).map(({ ok }) => ok)).toEqual([true, false, true]);
  });

  it.each([
    ['nothing', null],
    ['a list alone', [SENT]],
    ['too many', { readings: Array.from({ length: MAX_READINGS + 1 }, () => SENT) }],
  ])('of %s is refused as a whole', (_, body) => {
    expect(() => decodeReadings(body)).toThrow(InvalidInput);
  });
});
