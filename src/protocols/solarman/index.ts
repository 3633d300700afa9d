import type { StreamProtocol } from '../protocol.ts';
import { encodeAcknowledgement } from './acknowledgement.ts';
import { replay } from './replay.ts';
import { SolarmanSession } from './session.ts';

/** Solarman V5, the cloud side: what Wi-Fi loggers and microinverters say to port 10000 (solarman-v5). */
export const solarman: StreamProtocol = {
  id: 'solarman',
  name: 'Solarman V5 logger',
  listen: { tcp: 10_000 },
  open: (limits) => new SolarmanSession(limits),
  acknowledge: encodeAcknowledgement,
  replay,
};
