import type { FastifyInstance } from 'fastify';
import { type LiveSource, liveSource } from './live-source.ts';
import type { Access, PageDefinition, WebDependencies } from './page-definition.ts';
import { registerPage } from './page-route.ts';

/** A page with its types forgotten, as the list of all pages holds it. */
export interface Page {
  name: string;
  path: string;
  access: Access;
  /** Where it is posted to. */
  actions: readonly string[];
  register(app: FastifyInstance, deps: WebDependencies): void;
  live: LiveSource | null;
}

type None = Record<string, never>;

/**
 * One page: who may see it, what it loads, how it looks, what it accepts. Everything that all pages share comes from here: sign-in,
 * checked input, the whole page or just its content for htmx, forms that come back with their errors, no caching.
 * The form token is checked by `http` before any action runs.
 */
export function definePage<A extends Access, P = None, Q = None, D = None>(
  definition: PageDefinition<A, P, Q, D>,
): Page {
  return {
    name: definition.name,
    path: definition.path,
    access: definition.access,
    actions: (definition.actions ?? []).map((action) => action.path ?? definition.path),
    register: (app, deps) => registerPage(app, deps, definition),
    live: liveSource(definition),
  };
}
