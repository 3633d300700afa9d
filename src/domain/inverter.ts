import { InvalidInput } from './errors.ts';

/** How an inverter's data reaches us. */
export const DEVICE_KINDS = ['solarman', 'opendtu', 'victron', 'other'] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

export type UserId = number;
export type InverterId = number;
export type SiteId = number;

export const MAX_SERIAL_LENGTH = 64;
/** AC inverters in the field have at most six inputs; eight leaves room without letting a lying device grow our rows. */
export const MAX_CHANNELS = 8;

/**
 * The one spelling of a serial: trimmed and lower-cased (OpenDTU prints hexadecimal in lower case, labels in upper case).
 * For kind `solarman` it is the logger's decimal number.
 * @throws InvalidInput naming the field `serial`
 */
export function normaliseSerial(raw: string, kind: DeviceKind): string {
  const serial = raw.trim().toLowerCase();
  if (serial.length === 0) throw new InvalidInput('The serial number is missing.', { serial: 'required' });
  if (serial.length > MAX_SERIAL_LENGTH) {
    throw new InvalidInput('The serial number is too long.', { serial: `at most ${MAX_SERIAL_LENGTH} characters` });
  }
  if (!/^[\x21-\x7e]+$/.test(serial)) {
    throw new InvalidInput('The serial number contains characters that no device prints.', {
      serial: 'printable characters without spaces only',
    });
  }
  if (kind === 'solarman') {
    if (!/^\d{1,10}$/.test(serial) || Number(serial) < 1 || Number(serial) > 0xffffffff) {
      throw new InvalidInput('A Solarman logger is known by the number printed on it.', {
        serial: 'digits only, the number printed on the logger',
      });
    }
    return String(Number(serial));
  }
  return serial;
}
