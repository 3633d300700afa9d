import type { FastifyInstance } from 'fastify';
import type { Assets } from './assets.ts';

/** What Redoc needs: style elements that it makes while it runs, and a worker of its own text for the search. Nothing from elsewhere. */
const POLICY = {
  useDefaults: false,
  directives: {
    'default-src': ["'self'"],
    'script-src': ["'self'"],
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:'],
    'worker-src': ["'self'", 'blob:'],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'frame-ancestors': ["'none'"],
    'form-action': ["'self'"],
  },
};

/** `GET /redoc`: the API's documentation to be read. Asks nobody who he is. */
export function registerRedoc(app: FastifyInstance, assets: Assets): void {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Deye Hard API</title>
<link rel="icon" href="${assets.url('icon.svg')}">
<style>body{margin:0}</style>
</head>
<body>
<redoc spec-url="/openapi.json"></redoc>
<script src="${assets.url('redoc.js')}"></script>
</body>
</html>
`;
  app.get('/redoc', { config: { identify: false }, helmet: { contentSecurityPolicy: POLICY } }, (_, reply) =>
    reply.type('text/html; charset=utf-8').send(html),
  );
}
