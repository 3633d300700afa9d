import { InvalidInput } from '../../domain/errors.ts';
import { type DeviceKind, MAX_SERIAL_LENGTH, normaliseSerial } from '../../domain/inverter.ts';
import type { PushContext, PushEnvelope, PushItem } from '../protocol.ts';
import { type DecodedItem, decodedItem, type PushHead, type SentDevice } from './device.ts';
import { FieldReader } from './field-reader.ts';
import { isRecord, spelledSerial } from './scalars.ts';
import { parseSentTime, pushClock } from './time.ts';

/** OpenDTU knows ten inverters (devices §1.2); more than this is no gateway. */
const MAX_DEVICES = 32;

/** A format whose pushes are one object with a time, a gateway's serial and a list of devices. */
export interface PushFormat {
  kind: DeviceKind;
  /** Key of the list of devices. */
  devicesKey: string;
  /** Key of the gateway's serial. */
  gatewayKey: string;
  /**
   * Reads one device.
   * @throws InvalidInput when it cannot be used; the others are not touched by that
   */
  readDevice(device: FieldReader, serial: string): SentDevice;
}

/**
 * Reads the envelope and each device in it.
 * @throws InvalidInput when the envelope is unusable, naming the field
 */
export function decodePush(format: PushFormat, body: unknown, now: Date, context: PushContext): PushEnvelope {
  if (!isRecord(body)) throw new InvalidInput('The body must be a JSON object.', { body: 'must be an object' });
  const envelope = new FieldReader(body);
  const devices = envelope.raw(format.devicesKey) ?? null;
  if (!Array.isArray(devices)) throw unusable(format.devicesKey, devices === null ? 'required' : 'must be a list');
  if (devices.length > MAX_DEVICES) throw unusable(format.devicesKey, `at most ${MAX_DEVICES}`);

  const gateway = envelope.raw(format.gatewayKey) ?? null;
  const gatewaySerial = spelledSerial(gateway);
  if (gateway !== null && gatewaySerial === null) throw unusable(format.gatewayKey, 'must be text');

  const timestamp = envelope.raw('timestamp') ?? null;
  const sentTime = parseSentTime(timestamp);
  if (sentTime.kind === 'unreadable') throw unusable('timestamp', 'must be ISO 8601 with offset, or Unix time');

  const head: PushHead = {
    kind: format.kind,
    clock: pushClock(sentTime, now),
    gatewaySerial: gatewaySerial === null ? null : normalisedOrNull(gatewaySerial, format.kind),
    intervalS: context.intervalS,
  };
  return {
    gatewaySerial: gatewaySerial?.slice(0, MAX_SERIAL_LENGTH) ?? null,
    // What was understood as a time is text or a number.
    timestamp: timestamp as string | number | null,
    items: devices.map((device) => decodeItem(format, device, head)),
  };
}

function decodeItem(format: PushFormat, device: unknown, head: PushHead): PushItem {
  const sentSerial = isRecord(device) ? spelledSerial(new FieldReader(device).raw('serial')) : null;
  try {
    return decodeDevice(format, device, sentSerial, head);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const field = Object.keys(error.fields)[0] ?? 'serial';
    return { ok: false, sentSerial: sentSerial?.slice(0, MAX_SERIAL_LENGTH) ?? null, error: error.message, field };
  }
}

function decodeDevice(format: PushFormat, device: unknown, sentSerial: string | null, head: PushHead): DecodedItem {
  const field = `${format.devicesKey}[]`;
  if (!isRecord(device)) throw new InvalidInput(`${field} must be an object`, { [field]: 'must be an object' });
  const reader = new FieldReader(device);
  const serial = { sent: sentSerial ?? '', normalised: normaliseSerial(sentSerial ?? '', format.kind) };
  return decodedItem(reader, serial, head, format.readDevice(reader, serial.normalised));
}

function unusable(field: string, why: string): InvalidInput {
  return new InvalidInput(`${field}: ${why}`, { [field]: why });
}

/** The gateway's serial only tells where a reading came from; one we cannot keep is no reason to lose the reading. */
function normalisedOrNull(serial: string, kind: DeviceKind): string | null {
  try {
    return normaliseSerial(serial, kind);
  } catch (error) {
    if (error instanceof InvalidInput) return null;
    throw error;
  }
}
