/**
 * PROXY protocol version 2, as a TCP proxy in front of the collector sends it (haproxy.org, "The PROXY protocol", §2.2): a signature,
 * one byte version and command, one byte family, u16 BE length, addresses. Without it every logger would seem to come from the proxy.
 */
const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const FIXED_BYTES = 16;
/** Addresses and extensions; nobody sends more. */
const MAX_ADDRESS_BYTES = 2048;
const VERSION = 2;
const COMMAND_LOCAL = 0;
const COMMAND_PROXY = 1;
const FAMILY_IPV4 = 1;
const FAMILY_IPV6 = 2;

export type ProxyHeader =
  | { state: 'incomplete' }
  | { state: 'wrong' }
  /** `address` is null for the proxy's own health checks and for families without one. */
  | { state: 'complete'; address: string | null; bytes: number };

/** Read the header at the start of a connection. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  const signature = Math.min(bytes.length, SIGNATURE.length);
  if (bytes.compare(SIGNATURE, 0, signature, 0, signature) !== 0) return { state: 'wrong' };
  if (bytes.length < FIXED_BYTES) return { state: 'incomplete' };
  const version = bytes.readUInt8(12) >> 4;
  const command = bytes.readUInt8(12) & 0x0f;
  const family = bytes.readUInt8(13) >> 4;
  const length = bytes.readUInt16BE(14);
  if (version !== VERSION || command > COMMAND_PROXY || length > MAX_ADDRESS_BYTES) return { state: 'wrong' };
  if (bytes.length < FIXED_BYTES + length) return { state: 'incomplete' };
  const addresses = bytes.subarray(FIXED_BYTES, FIXED_BYTES + length);
  const address = command === COMMAND_LOCAL ? null : sourceAddress(family, addresses);
  return { state: 'complete', address, bytes: FIXED_BYTES + length };
}

function sourceAddress(family: number, addresses: Buffer): string | null {
  if (family === FAMILY_IPV4 && addresses.length >= 12) return addresses.subarray(0, 4).join('.');
  if (family === FAMILY_IPV6 && addresses.length >= 36) {
    const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((at) => addresses.readUInt16BE(at).toString(16));
    return groups.join(':');
  }
  return null;
}
