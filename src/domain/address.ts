/**
 * IP addresses as text, and what may be concluded from one. Two requests from one public address come from one household; a private
 * address, or one that a carrier lends to thousands (RFC 6598), proves nothing.
 */

interface Parsed {
  bits: 32 | 128;
  value: bigint;
}

/** Addresses that many unrelated people have, or that name no particular host: never a proof. */
const SHARED = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
  ...['::/127', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
].map((network) => networkOf(network));

/** The names reverse proxies are configured by; all of them lie in the shared ranges. */
const NAMED_RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** An IPv4 address in IPv6 clothes is shown as what it is. */
export function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '') ?? 'unknown';
}

/** What one household has: its IPv4 address, or its /64 of IPv6. What is no address is returned as it is. */
export function householdOf(address: string): string {
  const plain = plainAddress(address);
  const parsed = parse(plain);
  if (parsed === null || parsed.bits === 32) return plain;
  return [112n, 96n, 80n, 64n].map((shift) => ((parsed.value >> shift) & 0xffffn).toString(16)).join(':');
}

/** Whether an address belongs to one connection to the internet, as far as the address itself tells. */
export function isPublicAddress(address: string): boolean {
  const parsed = parse(plainAddress(address));
  return parsed !== null && !SHARED.some((network) => network !== null && contains(network, parsed));
}

/**
 * Whether an address is one of those listed: single addresses, networks (`10.0.0.0/8`) and the names `loopback`, `linklocal` and
 * `uniquelocal`, separated by commas. What cannot be read matches nothing.
 */
export function isListed(address: string, list: string): boolean {
  const parsed = parse(plainAddress(address));
  if (parsed === null) return false;
  return list.split(',').some((entry) => {
    const text = entry.trim();
    if (NAMED_RANGES.has(text)) return !isPublicAddress(address);
    const network = networkOf(text);
    return network !== null && contains(network, parsed);
  });
}

/** Whether `isListed` understands an entry. */
export function isNetwork(entry: string): boolean {
  const text = entry.trim();
  return NAMED_RANGES.has(text) || networkOf(text) !== null;
}

function contains(network: Parsed & { prefix: number }, address: Parsed): boolean {
  if (network.bits !== address.bits) return false;
  const shift = BigInt(network.bits - network.prefix);
  return network.value >> shift === address.value >> shift;
}

function networkOf(text: string): (Parsed & { prefix: number }) | null {
  const [base = '', length] = text.split('/');
  const parsed = parse(plainAddress(base));
  if (parsed === null) return null;
  const prefix = length === undefined ? parsed.bits : Number(length);
  return Number.isInteger(prefix) && prefix >= 0 && prefix <= parsed.bits ? { ...parsed, prefix } : null;
}

function parse(address: string): Parsed | null {
  const text = address.split('%')[0] ?? '';
  const value = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  return value === null ? null : { bits: text.includes(':') ? 128 : 32, value };
}

function parseIpv4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return null;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | null {
  const [head = '', tail, more] = text.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = 8 - front.length - back.length;
  if (more !== undefined || (tail === undefined ? missing !== 0 : missing < 1)) return null;
  const groups = [...front, ...Array<string>(missing).fill('0'), ...back];
  if (groups.some((group) => !/^[\da-f]{1,4}$/i.test(group))) return null;
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}
