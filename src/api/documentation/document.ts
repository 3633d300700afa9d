import { z } from 'zod';
import type { Access } from '../../http/authentication.ts';
import * as examples from './examples.ts';
import { type Answer, type Operation, TAGS } from './operation.ts';
import { OPERATIONS } from './operations.ts';

type Json = Record<string, unknown>;

/** The part of an OpenAPI document that is worked on here. */
export interface OpenApiDocument extends Json {
  paths: Record<string, Record<string, Json>>;
  components: Json;
}

/** What the document is told of a route beside its schemas. */
export interface RouteFacts {
  access: Access | null;
  /** Whether its answer has an ETag. */
  isTagged: boolean;
}

export const INTRODUCTION = `Everything the pages show, for programs.

**Who asks.** An API key in \`X-API-Key\` (or as bearer), a bearer token of \`POST /auth/jwt/login\`, or a signed-in browser's cookie. A key
has a scope: \`read\` reads, \`ingest\` sends measurements, \`full\` does both and manages. A session may do everything.

**Units.** They stand in the names: \`_w\` watt, \`_wh\` watt hour (whole numbers), \`_v\` volt, \`_a\` ampere, \`_hz\` hertz, \`_c\` °C, \`_pct\`
per cent, \`_s\` second. What is unknown is null, never 0. Times are ISO 8601 with offset; \`from\` is inclusive, \`to\` exclusive.

**Lists** come in pages: send \`next_cursor\` as \`cursor\` until it is null.

**Errors** are \`{error, message, details}\`: a stable code, a sentence for people, and in \`details.fields\` each wrong field.`;

const SECURITY_SCHEMES = {
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'Made on the page “API keys”.' },
  bearer: { type: 'http', scheme: 'bearer', description: 'A token of `POST /auth/jwt/login`, or an API key.' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'fastapiusersauth',
    description:
      'A signed-in browser; on https the name begins with `__Host-`. What changes something needs the form’s token in `X-CSRF-Token` too.',
  },
};

const ERRORS: Readonly<Record<number, string>> = {
  400: 'The body is not valid JSON.',
  401: 'Nobody is signed in, or the key is not valid.',
  403: 'Signed in, but this is not for them: the key’s scope, or a browser’s missing form token.',
  404: 'Absent, or another account’s: the answer is the same.',
  409: 'It is in the way of something that is there.',
  413: 'The body is too large.',
  414: 'A part of the address is too long.',
  415: 'The body is of a type that is not understood here.',
  422: 'A field is wrong; `details.fields` names each.',
  429: 'Too many wrong keys, sign-ins or open streams; `Retry-After` says when to come back.',
  500: 'A fault of the server.',
  503: 'The database does not answer, or too much is going on; `Retry-After` says when to try again.',
};

/** Completes what was collected from the routes: words, examples, scopes, and the errors that each can be answered with. */
export function completeDocument(document: OpenApiDocument, facts: ReadonlyMap<string, RouteFacts>): Json {
  const paths: OpenApiDocument['paths'] = {};
  for (const path of Object.keys(document.paths).sort()) {
    // The same route again, for firmware that puts a slash behind it.
    if (path.endsWith('/')) continue;
    const item: Record<string, Json> = {};
    for (const [method, collected] of Object.entries(document.paths[path] ?? {})) {
      const key = `${method.toUpperCase()} ${path}`;
      const operation = OPERATIONS[key];
      if (operation === undefined) throw new Error(`${key} is not described in api/documentation/operations.ts`);
      item[method] = complete(collected, operation, facts.get(key) ?? { access: null, isTagged: false }, key);
    }
    paths[path] = item;
  }
  return {
    ...document,
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: usedSchemas(document),
      securitySchemes: SECURITY_SCHEMES,
      responses: Object.fromEntries(
        Object.entries(ERRORS).map(([status, text]) => [`Error${status}`, errorAnswer(text)]),
      ),
    },
  };
}

/** Not the forms of answers that nobody sends. */
function usedSchemas({ components }: OpenApiDocument): Json {
  const all = components['schemas'] as Json;
  return Object.fromEntries(Object.entries(all).filter(([name]) => !name.endsWith('Input')));
}

function errorAnswer(description: string): Json {
  const schema = { $ref: '#/components/schemas/Error' };
  return { description, content: { 'application/json': { schema, example: examples.error } } };
}

function complete(collected: Json, operation: Operation, { access, isTagged }: RouteFacts, key: string): Json {
  const { tag, summary, description } = operation;
  const body = bodyOf(collected, operation);
  const result: Json = {
    operationId: operationId(key),
    tags: [tag],
    summary,
    description: [description, whoMay(access)].filter((text) => text !== undefined).join('\n\n'),
    security: securityOf(access),
  };
  if (collected['parameters'] !== undefined) result['parameters'] = collected['parameters'];
  if (body !== null) result['requestBody'] = body;
  const kind = { hasBody: body !== null, changes: !key.startsWith('GET ') };
  const responses = responsesOf(collected, operation, errorsOf(collected, operation, access, kind));
  if (isTagged) responses['304'] = { description: 'As in the answer whose `ETag` was sent.' };
  return { ...result, responses };
}

/** `getInvertersPower`: for what is made of the document. */
function operationId(key: string): string {
  const [method = '', path = ''] = key.split(' ');
  const words = path.replace(/^\/(api\/v1|api)?/, '').split(/[^A-Za-z0-9]+/);
  const names = words.filter((word) => word !== '').map((word) => word[0]?.toUpperCase() + word.slice(1));
  return method.toLowerCase() + names.join('');
}

function whoMay(access: Access | null): string {
  if (access === null) return 'For everybody.';
  const keys = access.scopes.map((scope) => `\`${scope}\``).join(' or ');
  if (keys === '') return 'Needs a session; no key may.';
  return access.session ? `Needs a key of scope ${keys}, or a session.` : `Needs a key of scope ${keys}.`;
}

function securityOf(access: Access | null): Json[] {
  if (access === null) return [];
  const { scopes, session } = access;
  const byKey = scopes.length === 0 ? [] : [{ apiKey: scopes }, { bearer: scopes }];
  return [...byKey, ...(session ? [...(scopes.length === 0 ? [{ bearer: [] }] : []), { session: [] }] : [])];
}

function bodyOf(collected: Json, { body, bodyExample }: Operation): Json | null {
  const sent = (collected['requestBody'] ?? null) as { content: Record<string, Json> } | null;
  const schema = body === undefined ? Object.values(sent?.content ?? {})[0]?.['schema'] : schemaOf(body, 'input');
  if (schema === undefined) return null;
  const media = { schema, ...(bodyExample === undefined ? {} : { example: bodyExample }) };
  const forms = bodyExample !== undefined && 'username' in (bodyExample as Json);
  return {
    required: true,
    content: { 'application/json': media, ...(forms ? { 'application/x-www-form-urlencoded': media } : {}) },
  };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  return json;
}

function errorsOf(
  collected: Json,
  { conflict, isLimited, mayBeAbsent }: Operation,
  access: Access | null,
  { hasBody, changes }: { hasBody: boolean; changes: boolean },
): number[] {
  const parameters = (collected['parameters'] ?? []) as { in: string }[];
  const errors = [500, 503];
  if (access !== null) errors.push(401);
  // A key may have the wrong scope, and what changes something needs the form's token too.
  if (access !== null && (access.scopes.length > 0 || changes)) errors.push(403);
  if (access !== null || isLimited === true) errors.push(429);
  if (hasBody) errors.push(400, 413, 415);
  if (hasBody || parameters.length > 0) errors.push(422);
  const isAddressed = parameters.some((parameter) => parameter.in === 'path');
  if (isAddressed) errors.push(414);
  if (isAddressed || mayBeAbsent === true) errors.push(404);
  if (conflict !== undefined) errors.push(409);
  return errors;
}

function responsesOf(collected: Json, operation: Operation, errors: readonly number[]): Json {
  const { example, answers, conflict } = operation;
  const found: Record<string, Json> = {};
  for (const [status, answer] of Object.entries(
    (answers === undefined ? collected['responses'] : {}) as Record<string, Json>,
  )) {
    found[status] = { ...answer, description: described(Number(status)) };
  }
  for (const [status, answer] of Object.entries(answers ?? {})) found[status] = toResponse(answer);
  for (const status of errors) {
    const own = status === 409 && conflict !== undefined ? errorAnswer(conflict) : null;
    found[status] ??= own ?? { $ref: `#/components/responses/Error${status}` };
  }
  const success = Object.keys(found).find((status) => status.startsWith('2'));
  const content = (found[success ?? '']?.['content'] ?? {}) as Record<string, Json>;
  if (example !== undefined && content['application/json'] !== undefined) {
    content['application/json'] = { ...content['application/json'], example };
  }
  return found;
}

function described(status: number): string {
  return status < 300 ? 'Done.' : (ERRORS[status] ?? 'Not done.');
}

function toResponse({ description, schema, orError, text }: Answer): Json {
  const content: Json = {};
  if (schema !== undefined) {
    const own = schemaOf(schema, 'output');
    const either = { anyOf: [{ $ref: '#/components/schemas/Error' }, own] };
    content['application/json'] = { schema: orError === true ? either : own };
  }
  for (const [type, example] of Object.entries(text ?? {})) {
    // JSON that is written while it is read has a form of its own; everything else is text.
    content[type] =
      type === 'application/json'
        ? { schema: {}, example: JSON.parse(example) }
        : { schema: { type: 'string' }, example };
  }
  return { description, ...(Object.keys(content).length === 0 ? {} : { content }) };
}
