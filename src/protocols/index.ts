import { opendtu } from './opendtu/index.ts';
import type { PushProtocol, StreamProtocol } from './protocol.ts';
import { solarman } from './solarman/index.ts';
import { victron } from './victron/index.ts';

/** THE list of protocols spoken over a connection that the device opens. A new family is one folder and one line. */
export const streamProtocols: readonly StreamProtocol[] = [solarman];

/** THE list of protocols whose devices push JSON over HTTP. */
export const pushProtocols: readonly PushProtocol[] = [opendtu, victron];
