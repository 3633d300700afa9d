import type { Reading } from '../../domain/reading.ts';
import type { RawPayload, StreamProtocol } from '../protocol.ts';
import { encodeAcknowledgement } from './acknowledgement.ts';
import { dataReading, decodeData } from './data.ts';
import { SolarmanSession } from './session.ts';
import { acquiredAt } from './time.ts';
import { atArrival, withoutBoot } from './undated.ts';

/** How the raw payload of a data frame is labelled. */
const SENSOR_TYPE = /^0x[0-9a-f]{4}$/;

/** Solarman V5, the cloud side: what Wi-Fi loggers and microinverters say to port 10000 (solarman-v5). */
export const solarman: StreamProtocol = {
  id: 'solarman',
  name: 'Solarman V5 logger',
  listen: { tcp: 10_000 },
  open: (limits) => new SolarmanSession(limits),
  acknowledge: encodeAcknowledgement,
  replay(raw: RawPayload, serial: string, receivedAt: Date): Reading[] {
    const decoded = SENSOR_TYPE.test(raw.layout) ? decodeData(raw.bytes) : null;
    if (decoded === null || !decoded.ok) return [];
    const { time, stored } = decoded.data.head;
    const sampledAt = acquiredAt(time);
    const reading = dataReading(decoded.data, serial, { sampledAt, timeQuality: 'device' });
    if (sampledAt !== null) return [reading];
    return [stored ? withoutBoot(reading) : atArrival(reading, receivedAt)];
  },
};
