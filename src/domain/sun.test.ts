import { describe, expect, it } from 'vitest';
import { daylightAt, isSunUp, placeOfZone, sunAltitude } from './sun.ts';

const BERLIN = { latitude: 52.52, longitude: 13.4 };

describe('the sun', () => {
  it('stands where the almanac says (Berlin, solstices)', () => {
    expect(sunAltitude(new Date('2026-06-21T11:08:00Z'), BERLIN)).toBeCloseTo(60.9, 0);
    expect(sunAltitude(new Date('2026-12-21T11:04:00Z'), BERLIN)).toBeCloseTo(14.1, 0);
    expect(sunAltitude(new Date('2026-06-21T23:00:00Z'), BERLIN)).toBeLessThan(-10);
  });

  it('is up from 3° on: about half an hour after sunrise', () => {
    // Sunrise in Berlin on 12 June 2026: 04:43 local time
    expect(isSunUp(new Date('2026-06-12T02:50:00Z'), BERLIN)).toBe(false);
    expect(isSunUp(new Date('2026-06-12T03:30:00Z'), BERLIN)).toBe(true);
  });

  it('is taken to be up where the place is unknown', () => {
    expect(isSunUp(new Date('2026-12-21T23:00:00Z'), null)).toBe(true);
  });

  it('never rises in Tromsø at Christmas and never sets there in June', () => {
    const tromso = { latitude: 69.6, longitude: 18.9 };
    const day = (from: string): boolean[] =>
      Array.from({ length: 96 }, (_, i) => daylightAt(tromso)(Date.parse(from) + i * 900_000));
    expect(day('2026-12-24T00:00:00Z')).not.toContain(true);
    expect(day('2026-06-14T00:00:00Z').filter(Boolean).length).toBeGreaterThan(80);
  });

  it('daylight is asked for the middle of a quarter hour', () => {
    const daylight = daylightAt(BERLIN);
    const morning = Array.from({ length: 96 }, (_, i) => Date.parse('2026-06-12T00:00:00Z') + i * 900_000);
    const first = morning.find(daylight) ?? 0;
    expect(isSunUp(new Date(first + 450_000), BERLIN)).toBe(true);
    expect(isSunUp(new Date(first - 450_000), BERLIN)).toBe(false);
  });
});

describe('placeOfZone', () => {
  it.each([
    ['Europe/Berlin', 52.5, 13.4],
    ['Asia/Kathmandu', 27.7, 85.3],
    ['Asia/Katmandu', 27.7, 85.3],
    ['Asia/Calcutta', 22.5, 88.4],
    ['America/Argentina/Buenos_Aires', -34.6, -58.5],
    ['US/Pacific', 34.1, -118.2],
    ['CET', 50.8, 4.3],
    ['UTC', 0, 0],
    ['Etc/GMT-2', 0, 30],
    ['Etc/GMT+10', 0, -150],
    ['Etc/GMT-14', 0, -150],
  ])('%s', (zone, latitude, longitude) => {
    expect(placeOfZone(zone)).toEqual({ latitude, longitude });
  });

  it.each(['', 'Mars/Olympus', 'Etc/GMT-15', 'Etc/GMT+13', 'constructor'])('%j has none', (zone) => {
    expect(placeOfZone(zone)).toBeNull();
  });

  it('knows every zone of this runtime', () => {
    expect(Intl.supportedValuesOf('timeZone').filter((zone) => placeOfZone(zone) === null)).toEqual([]);
  });

  it('puts every zone where its clocks say noon is', () => {
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      const place = placeOfZone(zone) ?? { latitude: Number.NaN, longitude: Number.NaN };
      expect(Math.abs(place.latitude)).toBeLessThanOrEqual(90);
      // By its own clock the sun is up at half past twelve everywhere but near the poles
      if (Math.abs(place.latitude) > 60) continue;
      const noon = new Intl.DateTimeFormat('en', { timeZone: zone, hourCycle: 'h23', hour: '2-digit' });
      const hours = Array.from({ length: 24 }, (_, hour) => Date.UTC(2026, 2, 20, hour, 30));
      const at = hours.find((ms) => noon.format(ms) === '12') ?? 0;
      expect(isSunUp(new Date(at), place), zone).toBe(true);
    }
  });
});
