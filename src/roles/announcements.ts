import { DatabaseListener } from '../db/listen.ts';
import { connectionFor } from '../db/roles.ts';
import { parseAccountNews, parseAnnouncement } from '../live/hub.ts';
import type { Shared } from './role.ts';

/** What the database announces, told to those in this process whom it concerns. Not yet listening. */
export function listenFor(
  { database: { adminUrl, roles, secrets }, hub, log }: Pick<Shared, 'database' | 'hub' | 'log'>,
  devicesChanged: () => void,
): DatabaseListener {
  return new DatabaseListener({
    connectionString: connectionFor(adminUrl, roles, 'app', secrets.authSecret).connectionString,
    channels: ['deye_hard_reading', 'deye_hard_device', 'deye_hard_session', 'deye_hard_account'],
    log: log.child({ part: 'live' }),
    onNotification(channel, payload) {
      if (channel === 'deye_hard_device') devicesChanged();
      else if (channel === 'deye_hard_session') hub.sessionsChanged(Number(payload));
      else {
        const parse = channel === 'deye_hard_account' ? parseAccountNews : parseAnnouncement;
        for (const event of parse(payload)) hub.publish(event);
      }
    },
    onConnected() {
      devicesChanged();
      hub.resync();
    },
  });
}
