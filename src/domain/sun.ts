import { getPosition } from 'suncalc';
import { QUARTER_MS } from './period.ts';
import { ZONE_ALIASES, ZONE_PLACES } from './zone-places.ts';

/** Degrees; north and east are positive. */
export interface Place {
  latitude: number;
  longitude: number;
}

/** Below this a roof sees houses and trees rather than the sun, and inverters fall asleep (devices §4.3). */
export const SUN_UP_DEGREES = 3;

/** Height of the sun above the horizon in degrees, negative at night. */
export function sunAltitude(at: Date, place: Place): number {
  return getPosition(at, place.latitude, place.longitude).altitude;
}

/**
 * Whether an inverter at this place should be awake.
 * Without a place the answer is yes: then nobody is excused for silence, and energy over a gap is spread evenly.
 */
export function isSunUp(at: Date, place: Place | null): boolean {
  return place === null || sunAltitude(at, place) >= SUN_UP_DEGREES;
}

/** For the energy fold: whether the sun is up in the middle of a quarter hour that starts at this epoch millisecond. */
export function daylightAt(place: Place | null): (quarterStartMs: number) => boolean {
  return (quarterStartMs) => isSunUp(new Date(quarterStartMs + QUARTER_MS / 2), place);
}

let places: ReadonlyMap<string, Place> | undefined;
let aliases: ReadonlyMap<string, string> | undefined;

/** Once, at the first question: most processes ask for one zone or none. */
function load(): { places: ReadonlyMap<string, Place>; aliases: ReadonlyMap<string, string> } {
  places ??= new Map(
    words(ZONE_PLACES).map((entry) => {
      const [zone = '', latitude, longitude] = entry.split(',');
      return [zone, { latitude: Number(latitude), longitude: Number(longitude) }];
    }),
  );
  aliases ??= new Map(
    words(ZONE_ALIASES).map((entry) => {
      const [alias = '', zone = ''] = entry.split('=');
      return [alias, zone];
    }),
  );
  return { places, aliases };
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/**
 * The principal city of an IANA zone, for a site whose place nobody has told. Good to an hour of sunrise within most zones.
 * `UTC` and `Etc/GMT±n` have no city: a spot on the equator at their meridian, where the sun is up from six to six.
 * Null for what is no zone, or none with a place.
 */
export function placeOfZone(zone: string): Place | null {
  const known = load();
  const name = known.aliases.get(zone) ?? zone;
  const city = known.places.get(name);
  if (city !== undefined) return city;
  if (/^(Etc\/)?(UTC|GMT|UCT|Zulu|Universal|Greenwich|GMT[+-]?0)$/.test(zone)) return { latitude: 0, longitude: 0 };
  const fixed = /^Etc\/GMT([+-])(\d{1,2})$/.exec(zone);
  if (fixed === null) return null;
  // POSIX signs: Etc/GMT-2 is two hours *east* of Greenwich
  const east = (fixed[1] === '-' ? 1 : -1) * Number(fixed[2]);
  return east < -12 || east > 14 ? null : { latitude: 0, longitude: east * 15 > 180 ? east * 15 - 360 : east * 15 };
}
