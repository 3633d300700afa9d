import { networkInterfaces } from 'node:os';
import { isListed } from '../domain/address.ts';

/**
 * Tells the addresses from which everybody seems to come: proxies that are configured, and this machine itself, on which one may run.
 * @param trustProxy the setting TRUST_PROXY
 */
export function standsForProxy(trustProxy: string | null): (address: string) => boolean {
  const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  const listed = [...own, ...(trustProxy === null ? [] : [trustProxy])].join(',');
  return (address) => isListed(address, listed);
}
