/**
 * On https with `__Host-` before it: browsers then take the cookie only from this very host and over https (RFC 6265bis §4.1.3.2), so
 * that a neighbour under the same domain can plant none.
 */
export function cookieName(base: string, isSecure: boolean): string {
  return isSecure ? `__Host-${base}` : base;
}
