import type { FastifyHelmetOptions } from '@fastify/helmet';

const SELF = "'self'";
const NONE = "'none'";

/**
 * What a browser may do with our pages. Helmet's defaults are not used: their `upgrade-insecure-requests` leaves a phone on
 * `http://192.168.…` without style sheets, and HSTS or COOP on plain http is at best ignored.
 */
export function securityHeaders(baseUrl: URL): FastifyHelmetOptions {
  const isHttps = baseUrl.protocol === 'https:';
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': [SELF],
        'script-src': [SELF],
        // The empty style element that the chart library makes, and nothing else; it places its parts by style attributes.
        'style-src': [SELF, "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"],
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
