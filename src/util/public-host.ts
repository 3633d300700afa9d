import { networkInterfaces } from 'node:os';

type Interfaces = ReturnType<typeof networkInterfaces>;

/** Whether an address means "this computer" to whoever reads it, so that another device cannot use it. */
export function isLocalOnly(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?|0\.0\.0\.0)$/i.test(host);
}

/**
 * A host that other devices can use: this machine's first address in the local network where the one given means this machine only.
 * @param listening the address listened on; where only this machine reaches it there is nothing to tell others
 * @param interfaces this machine's
 */
export function publicHost(host: string, listening: string, interfaces: Interfaces = networkInterfaces()): string {
  const listensToItself = listening !== '0.0.0.0' && isLocalOnly(listening);
  if (!isLocalOnly(host) || listensToItself) return host;
  for (const addresses of Object.values(interfaces)) {
    for (const { family, internal, address } of addresses ?? []) if (family === 'IPv4' && !internal) return address;
  }
  return host;
}
