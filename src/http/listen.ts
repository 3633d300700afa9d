import type { FastifyInstance } from 'fastify';
import { ConfigError } from '../domain/errors.ts';

/**
 * Connections the kernel keeps while the program is at something else. Of Node's 511 too few remain when a fleet comes back at once: the
 * kernel then tells a device that it is connected, drops what it sends and cuts it off seconds later, unseen by anything here. The kernel
 * takes no more than `net.core.somaxconn`, which is 4096 unless somebody changed it.
 */
const BACKLOG = 4096;

/**
 * Lets `app` be asked at `host` and `port`; 0 is any free one.
 * @param settings the names of the two, for whoever has to change them
 * @returns the port
 * @throws ConfigError when the port cannot be had
 */
export async function listen(
  app: FastifyInstance,
  { host, port }: { host: string; port: number },
  settings: string,
): Promise<number> {
  try {
    await app.listen({ host, port, backlog: BACKLOG });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`Cannot listen on ${host}:${port} (${settings}): ${why}`, { cause });
  }
  const bound = app.server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}
