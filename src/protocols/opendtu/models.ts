/** What a Hoymiles serial number tells by its first four digits. */
export interface OpenDtuModel {
  /** The family as the firmware names it. */
  name: string;
  /** DC inputs. */
  inputs: number;
  /** Watts of the strongest model of the family: the serial does not tell its members apart, so this is an upper bound. */
  ratedPowerW: number;
}

/**
 * Prefixes and names as the firmware tests them (OpenDTU `lib/Hoymiles/src/inverters/*::isValidSerial` and `typeName`, March 2026;
 * watts from its `DevInfoParser`); the first that fits wins, so the exact ones stand before those of three digits (devices §6.3).
 */
const MODELS: readonly { prefixes: readonly string[]; model: OpenDtuModel }[] = [
  { prefixes: ['1361'], model: { name: 'HMT-1600/1800/2000-4T', inputs: 4, ratedPowerW: 2000 } },
  { prefixes: ['1382'], model: { name: 'HMT-1800/2250-6T', inputs: 6, ratedPowerW: 2250 } },
  { prefixes: ['1164', '1166', '1420'], model: { name: 'HMS-1600/1800/2000-4T', inputs: 4, ratedPowerW: 2000 } },
  { prefixes: ['1143', '1144', '114a', '1410'], model: { name: 'HMS-600…1000-2T', inputs: 2, ratedPowerW: 1000 } },
  { prefixes: ['1124'], model: { name: 'HMS-300…500-1T', inputs: 1, ratedPowerW: 500 } },
  { prefixes: ['1125', '1400'], model: { name: 'HMS-450/500-1T v2', inputs: 1, ratedPowerW: 500 } },
  { prefixes: ['116', '1062'], model: { name: 'HM-1000/1200/1500-4T', inputs: 4, ratedPowerW: 1500 } },
  { prefixes: ['114', '1042'], model: { name: 'HM-600/700/800-2T', inputs: 2, ratedPowerW: 800 } },
  { prefixes: ['112', '1022'], model: { name: 'HM-300/350/400-1T', inputs: 1, ratedPowerW: 400 } },
  { prefixes: ['2841'], model: { name: 'HERF-300-1T', inputs: 1, ratedPowerW: 300 } },
  { prefixes: ['2821'], model: { name: 'HERF-600/800-2T', inputs: 2, ratedPowerW: 800 } },
  { prefixes: ['2801'], model: { name: 'HERF-1600/1800-4T', inputs: 4, ratedPowerW: 1800 } },
];

/** Twelve hexadecimal digits: OpenDTU prints the serial's 48 bits so (devices §1.2). */
const SERIAL = /^[0-9a-f]{12}$/;

/** The model family of a normalised serial; null when it is none of Hoymiles', as bridges may send. */
export function modelOf(serial: string): OpenDtuModel | null {
  if (!SERIAL.test(serial)) return null;
  return MODELS.find(({ prefixes }) => prefixes.some((prefix) => serial.startsWith(prefix)))?.model ?? null;
}
