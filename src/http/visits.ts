import type { FastifyInstance } from 'fastify';
import type { Visit } from '../services/visits.ts';
import './request-context.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Tells from which address each known user or program asked. A device's push is no visit. Nor is a request that came through a proxy
 * nobody declared in TRUST_PROXY: its address is the proxy's, and everybody's.
 */
export function installVisits(
  app: FastifyInstance,
  { note, now, trustsProxy }: { note: (visit: Visit, now: Date) => void; now: () => Date; trustsProxy: boolean },
): void {
  app.addHook('onResponse', async (request) => {
    const { session, apiKey } = request;
    const userId = session?.user.id ?? (apiKey?.scope === 'ingest' ? undefined : apiKey?.user.id);
    if (userId === undefined || (!trustsProxy && request.headers['x-forwarded-for'] !== undefined)) return;
    note({ userId, address: request.ip, isChange: !SAFE.has(request.method) }, now());
  });
}
