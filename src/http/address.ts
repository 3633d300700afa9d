import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';

/**
 * Whose address counts, of requests that do not pass the framework: as it tells by itself (`request.ip`).
 * @param trustProxy addresses and networks of proxies whose `X-Forwarded-For` is believed, separated by commas; null for none
 */
export function addressTeller(trustProxy: string | null): (request: IncomingMessage) => string {
  if (trustProxy === null) return ({ socket }) => socket.remoteAddress ?? '';
  const trusts = proxyAddr.compile(trustProxy.split(',').map((proxy) => proxy.trim()));
  return (request) => proxyAddr(request, trusts) ?? '';
}
