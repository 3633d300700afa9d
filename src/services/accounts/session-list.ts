import { asTenant } from '../../db/as-tenant.ts';
import type { Pools } from '../../db/pools.ts';
import { NotFound } from '../../domain/errors.ts';
import { noteOwnAct } from '../../store/account-flows.ts';
import { endLivingSession, endSessionsBut, listSessions } from '../../store/sessions.ts';
import type { SessionService } from './account-services.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The places an account is signed in at. Whoever keeps a stream open is told of an end by the database. */
export function createSessions({ pools: { app } }: { pools: Pick<Pools, 'app'> }): SessionService {
  return {
    list: (userId, now) => asTenant(app, userId, (tx) => listSessions(tx, userId, now)),

    async end(userId, sessionId, client, now) {
      const isEnded =
        UUID.test(sessionId) &&
        (await asTenant(app, userId, async (tx) => {
          const ended = await endLivingSession(tx, userId, sessionId, now);
          if (ended) await noteOwnAct(tx, userId, 'session.end', client.address);
          return ended;
        }));
      if (!isEnded) throw new NotFound('There is no such session.');
    },

    endAll: (userId, but, client, now) =>
      asTenant(app, userId, async (tx) => {
        const count = await endSessionsBut(tx, userId, but, now);
        if (count > 0) await noteOwnAct(tx, userId, 'session.end', client.address, { count });
        return count;
      }),
  };
}
