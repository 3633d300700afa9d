import type { DeviceKind } from '../../domain/inverter.ts';

/**
 * What kind of device a serial belongs to; the predecessor did not note it. A Solarman logger's is a decimal number of at most 32 bits, a
 * Hoymiles inverter's (OpenDTU) has twelve hexadecimal digits that begin with 1; the third kind it knew was Victron.
 */
export function kindOf(serial: string): DeviceKind {
  const text = serial.trim().toLowerCase();
  if (/^\d{1,10}$/.test(text) && Number(text) <= 0xffffffff) return 'solarman';
  if (/^1[0-9a-f]{11}$/.test(text)) return 'opendtu';
  return 'victron';
}
