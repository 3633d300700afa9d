import { describe, expect, it } from 'vitest';
import { formatAge } from './age.ts';
import { Formatter } from './format.ts';
import { languageOf } from './locale.ts';

/** No-break spaces made visible. */
const plain = (text: string): string => text.replaceAll('\u00a0', '_');

describe('ages', () => {
  it.each([
    [0, 'vor 0_s', '0_s ago'],
    [40, 'vor 40_s', '40_s ago'],
    [59.9, 'vor 59_s', '59_s ago'],
    [60, 'vor 1_Minute', '1_minute ago'],
    [119, 'vor 1_Minute', '1_minute ago'],
    [120, 'vor 2_Minuten', '2_minutes ago'],
    [3600, 'vor 1_Stunde', '1_hour ago'],
    [47 * 3600, 'vor 47_Stunden', '47_hours ago'],
    [48 * 3600, 'vor 2_Tagen', '2_days ago'],
  ])('%d s', (seconds, german, english) => {
    expect(plain(formatAge(seconds, 'de-DE'))).toBe(german);
    expect(plain(formatAge(seconds, 'en-GB'))).toBe(english);
  });

  it('a clock that runs ahead makes nothing come from the future', () => {
    expect(plain(formatAge(-30, 'de-DE'))).toBe('vor 0_s');
  });
});

describe('power and energy', () => {
  const { fmt } = languageOf('de-DE');
  const british = new Formatter('en-GB');

  it.each([
    [312, '312_W'],
    [0, '0_W'],
    [-0.04, '0_W'],
    [4.3, '4,3_W'],
    [999.4, '999,4_W'],
    [999.96, '1,00_kW'],
    [1234, '1,23_kW'],
    [812_345, '812,3_kW'],
  ])('%d W', (watts, shown) => {
    expect(plain(fmt.power(watts))).toBe(shown);
  });

  it.each([
    [0, '0,00_kWh'],
    [3, '3_Wh'],
    [99, '99_Wh'],
    [100, '0,10_kWh'],
    [810, '0,81_kWh'],
    [444_671, '444,7_kWh'],
    [2_617_458, '2.617_kWh'],
  ])('%d Wh', (wattHours, shown) => {
    expect(plain(fmt.energy(wattHours))).toBe(shown);
  });

  it('each region writes numbers its own way', () => {
    expect(plain(british.energy(2_617_458))).toBe('2,617_kWh');
    // Either apostrophe, as the ICU of the runtime has it.
    expect(plain(languageOf('de-CH').fmt.energy(2_617_458))).toMatch(/^2[’']617_kWh$/);
  });

  it('times are those of the zone', () => {
    const at = new Date('2026-06-15T12:05:00Z');
    expect(fmt.time(at, 'Europe/Berlin')).toBe('14:05');
    expect(british.time(at, 'America/St_Johns')).toBe('09:35');
    expect(fmt.day(at, 'Europe/Berlin')).toBe('Montag, 15. Juni');
  });

  it('a day on an axis is none that half of the readers take for another', () => {
    const at = new Date('2026-06-05T12:05:00Z');
    const onAxis = (tag: 'en-GB' | 'en-US' | 'de-DE'): string => new Formatter(tag).moment(at, 'Europe/Berlin', 'date');
    expect([onAxis('en-GB'), onAxis('en-US'), onAxis('de-DE')]).toEqual(['5 Jun', 'Jun 5', '5.6.']);
  });
});
