import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { documented } from '../src/api/documentation/index.ts';
import { apiPlugin, deviceEndpoints } from '../src/api/index.ts';

/** Writes what `/openapi.json` answers to `docs/openapi.json`, so that it can be read, compared and used without a server. */
export const DOCUMENT_FILE = fileURLToPath(new URL('../docs/openapi.json', import.meta.url));

export async function apiDocument(): Promise<string> {
  const app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorate('shortRoutes', new Map());
  // Nobody asks these routes anything: what they would ask is not there.
  const nothing = {} as never;
  app.register(
    documented([
      apiPlugin({ services: nothing, batches: nothing, hub: nothing }),
      deviceEndpoints({ ingest: nothing }),
    ]),
  );
  await app.ready();
  const { body } = await app.inject('/openapi.json');
  await app.close();
  return `${JSON.stringify(JSON.parse(body), null, 1)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(DOCUMENT_FILE, await apiDocument());
