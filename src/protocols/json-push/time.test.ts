import { describe, expect, test } from 'vitest';
import { measurementAge, parseMeasuredAt, parseSentTime, pushClock, sampleTime } from './time.ts';

const NOW = new Date('2025-10-19T15:54:45Z');
const at = (iso: string) => Date.parse(iso);

describe('parseSentTime', () => {
  test.each<[string, unknown, string]>([
    ['offset with colon', '2025-10-19T17:54:43+02:00', '2025-10-19T15:54:43.000Z'],
    ['offset without colon', '2025-10-19T17:54:43+0200', '2025-10-19T15:54:43.000Z'],
    ['offset in hours', '2025-10-19T17:54:43+02', '2025-10-19T15:54:43.000Z'],
    ['half an hour west', '2025-10-19T12:24:43-03:30', '2025-10-19T15:54:43.000Z'],
    ['Z', '2025-10-19T15:54:43Z', '2025-10-19T15:54:43.000Z'],
    ['microseconds, as Python prints them', '2025-10-30T15:27:33.058551+00:00', '2025-10-30T15:27:33.058Z'],
    ['a blank in place of T', '2025-10-19 17:54:43+02:00', '2025-10-19T15:54:43.000Z'],
    ['no seconds', '2025-10-19T17:54+02:00', '2025-10-19T15:54:00.000Z'],
    ['Unix seconds', 1760889283, '2025-10-19T15:54:43.000Z'],
    ['Unix seconds with fraction', 1760889283.25, '2025-10-19T15:54:43.250Z'],
    ['Unix milliseconds', 1760889283000, '2025-10-19T15:54:43.000Z'],
    ['Unix seconds as text', '1760889283', '2025-10-19T15:54:43.000Z'],
    ['a leap day', '2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['1970', '1970-01-01T01:02:17+01:00', '1970-01-01T00:02:17.000Z'],
  ])('understands %s', (_title, raw, iso) => {
    expect(parseSentTime(raw)).toEqual({ kind: 'instant', ms: at(iso) });
  });

  test.each<[unknown, string]>([
    ['2025-10-19T17:54:43', 'naive'],
    ['2025-10-19 17:54:43.5', 'naive'],
    [null, 'absent'],
    [undefined, 'absent'],
    ['', 'absent'],
    ['1900-01-00T00:00:00+0100', 'absent'],
    ['2025-02-30T00:00:00Z', 'unreadable'],
    ['2025-10-19T24:00:00Z', 'unreadable'],
    ['2025-10-19T17:54:43+15:00', 'unreadable'],
    ['2025-10-19T17:54:43+02:60', 'unreadable'],
    ['2025-10-19', 'unreadable'],
    ['yesterday', 'unreadable'],
    [1e300, 'unreadable'],
    [Number.NaN, 'unreadable'],
    [true, 'unreadable'],
    [{}, 'unreadable'],
    [`${' '.repeat(99)}2025-10-19T17:54:43Z`, 'unreadable'],
  ])('%j is %s', (raw, kind) => {
    expect(parseSentTime(raw)).toEqual({ kind });
  });
});

describe('pushClock', () => {
  test.each<[string, unknown, string, string, string[]]>([
    ['believes the present', '2025-10-19T17:54:43+02:00', '2025-10-19T15:54:43Z', 'device', []],
    ['believes a clock ten minutes ahead', '2025-10-19T16:04:45Z', '2025-10-19T16:04:45Z', 'device', []],
    [
      'does not believe the second after',
      '2025-10-19T16:04:46Z',
      '2025-10-19T15:54:45Z',
      'receipt',
      ['clock_untrusted'],
    ],
    ['believes a buffering client', '2025-10-19T09:00:00Z', '2025-10-19T09:00:00Z', 'device', []],
    [
      'leaves what is beyond retention to be refused later',
      '2015-01-01T00:00:00Z',
      '2015-01-01T00:00:00Z',
      'device',
      [],
    ],
    ['does not believe 2014', '2014-12-31T23:59:59Z', '2025-10-19T15:54:45Z', 'receipt', ['clock_untrusted']],
    ['does not believe 0, the fork’s sign for no time', 0, '2025-10-19T15:54:45Z', 'receipt', ['clock_untrusted']],
    ['does not believe 2036', 2085996714, '2025-10-19T15:54:45Z', 'receipt', ['clock_untrusted']],
    ['takes silence for an unset clock', null, '2025-10-19T15:54:45Z', 'receipt', ['clock_untrusted']],
    [
      'never guesses the zone of a wall clock',
      '2025-10-19T17:54:43',
      '2025-10-19T15:54:45Z',
      'receipt',
      ['clock_untrusted', 'clock_naive'],
    ],
  ])('%s', (_title, raw, reference, quality, flags) => {
    const clock = pushClock(parseSentTime(raw), NOW);
    expect(new Date(clock.referenceMs)).toEqual(new Date(reference));
    expect(clock).toMatchObject({ quality, flags });
  });
});

describe('sampleTime', () => {
  const push = '2025-10-19T15:54:43Z';
  test.each<[string, unknown, unknown, string, string]>([
    ['the measurement, six seconds old', push, 1760889277, '2025-10-19T15:54:37Z', 'device'],
    ['the measurement, fifteen minutes old', push, 1760888383, '2025-10-19T15:39:43Z', 'device'],
    ['the push when it is older', push, 1760888382, push, 'device'],
    ['the push when it lies ahead', push, 1760889284, push, 'device'],
    ['the push when there was none', push, 0, push, 'device'],
    ['the push when nothing is said', push, undefined, push, 'device'],
    ['the measurement as text', push, '1760889277', '2025-10-19T15:54:37Z', 'device'],
    ['the measurement in milliseconds', push, 1760889277500, '2025-10-19T15:54:37.500Z', 'device'],
    [
      'the measurement against the arrival, under a naive time',
      '2025-10-19T17:54:43',
      1760889277,
      '2025-10-19T15:54:37Z',
      'device',
    ],
    ['the arrival under a clock of 2036', 2085996714, 2085996708, '2025-10-19T15:54:45Z', 'receipt'],
    ['the arrival under a clock of 1970', 137, 120, '2025-10-19T15:54:45Z', 'receipt'],
  ])('%s', (_title, timestamp, lastUpdate, time, quality) => {
    const clock = pushClock(parseSentTime(timestamp), NOW);
    expect(sampleTime(clock, parseMeasuredAt(lastUpdate))).toEqual({ sampledAt: new Date(time), timeQuality: quality });
  });
});

describe('measurementAge', () => {
  test.each<[string, unknown, unknown, number | null]>([
    ['against the push', '2025-10-19T15:54:43Z', 1760889277, 6_000],
    ['of a buffered push against its own time', '2025-10-19T10:00:00Z', 1760867990, 10_000],
    ['unknown when the measurement lies ahead', '2025-10-19T15:54:43Z', 1760889290, null],
    ['unknown when never measured', '2025-10-19T15:54:43Z', 0, null],
    ['unknown when nothing is said', '2025-10-19T15:54:43Z', null, null],
    ['unknown for seconds since boot', '2025-10-19T15:54:43Z', 4711, null],
    ['within a wrong clock', 2085996714, 2085996708, 6_000],
    ['within an unset clock', 137, 120, 17_000],
    ['against the arrival when the clock jumped since', 2085996714, 1760889277, 8_000],
    ['against the arrival under a naive time', '2025-10-19T17:54:43', 1760889277, 8_000],
    ['unknown when a naive push is older than its measurement', '2025-10-19T17:54:43', 1760889299, null],
  ])('%s', (_title, timestamp, lastUpdate, age) => {
    expect(measurementAge(pushClock(parseSentTime(timestamp), NOW), parseMeasuredAt(lastUpdate))).toBe(age);
  });
});
