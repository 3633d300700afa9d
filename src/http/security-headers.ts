import type { FastifyHelmetOptions } from '@fastify/helmet';

const SELF = "'self'";
const NONE = "'none'";

/** Sources of the one style element and the one script that stand in every page, as the policy writes them; null: there is none. */
export interface InlineHashes {
  style: string | null;
  script: string | null;
}

const NO_INLINE: InlineHashes = { style: null, script: null };

/**
 * What a browser may do with our pages. Helmet's defaults are not used: their `upgrade-insecure-requests` leaves a phone on
 * `http://192.168.…` without style sheets, and HSTS or COOP on plain http is at best ignored.
 */
export function securityHeaders(baseUrl: URL, inline: InlineHashes = NO_INLINE): FastifyHelmetOptions {
  const isHttps = baseUrl.protocol === 'https:';
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': [SELF],
        'script-src': [SELF, inline.script].filter((source) => source !== null),
        'style-src': [SELF, inline.style].filter((source) => source !== null),
        // The mark over a chart is moved by them.
        'style-src-attr': ["'unsafe-inline'"],
        'img-src': [SELF, 'data:'],
        'object-src': [NONE],
        'base-uri': [NONE],
        'frame-ancestors': [NONE],
        'form-action': [SELF],
      },
    },
    strictTransportSecurity: isHttps ? { maxAge: 365 * 24 * 3600, includeSubDomains: false } : false,
    crossOriginOpenerPolicy: isHttps ? { policy: 'same-origin' } : false,
    originAgentCluster: isHttps,
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  };
}
