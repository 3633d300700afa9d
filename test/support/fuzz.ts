import { Random } from '../../src/simulate/random.ts';
import type { ApiDocument, DocumentedParameter, NamedOperation } from './conformance.ts';
import { HOSTILE_BODIES, HOSTILE_WORDS, wellFormed } from './hostile.ts';

/**
 * Requests made from the API's own document: what its schemas ask for, and then something wrong with it. The same seed makes the same
 * requests.
 */
export interface FuzzedRequest {
  path: string;
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer> | null;
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
interface Schema {
  $ref?: string;
  anyOf?: Schema[];
  type?: string;
  enum?: Json[];
  const?: Json;
  format?: string;
  minimum?: number;
  maximum?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}

/** Stands in the text of a body for a number that JSON can write and JavaScript cannot hold. */
const ENDLESS = '"@@endless@@"';
const HUGE: readonly Json[] = [
  ...[Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 2 ** 31, -1, 0.1, 1e300, -1e-300, 2 ** 53],
  '@@endless@@',
];
const TOO_MUCH_CHARS = 5_000_000;
const DEPTH = 2_000;

export class Fuzz {
  readonly #random: Random;
  readonly #document: ApiDocument;
  /** Ids that may be somebody's. */
  readonly #ids: readonly number[];

  constructor(document: ApiDocument, seed: number, ids: readonly number[]) {
    this.#document = document;
    this.#random = new Random(seed);
    this.#ids = ids;
  }

  request({ method, path, parameters = [], requestBody }: NamedOperation): FuzzedRequest {
    const named = new Map(parameters.map((one) => [one.name, one]));
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segment(this.#parameter(named.get(name))));
    const query = parameters
      .filter((one) => one.in === 'query' && this.#chance(0.5))
      .flatMap((one) => Array.from({ length: this.#chance(0.05) ? 2 : 1 }, () => one))
      .map((one) => `${one.name}=${encodeURIComponent(wellFormed(this.#parameter(one)))}`);
    if (this.#chance(0.05)) query.push(`${segment(this.#random.pick(HOSTILE_WORDS))}=1`, '__proto__[x]=1');
    const target = `${filled}${query.length === 0 ? '' : `?${query.join('&')}`}`;
    const content = Object.values(requestBody?.content ?? {})[0];
    if (content === undefined) {
      // A body nobody asked for.
      const unasked = method !== 'GET' && this.#chance(0.1) ? '{"x":1}' : null;
      return { path: target, headers: unasked === null ? {} : { 'content-type': 'application/json' }, body: unasked };
    }
    return { path: target, ...this.#body(content.schema as Schema, content.example as Json) };
  }

  #chance(share: number): boolean {
    return this.#random.next() < share;
  }

  #parameter(parameter: DocumentedParameter | undefined): string {
    if (parameter === undefined || this.#chance(0.25)) return this.#random.pick(HOSTILE_WORDS).slice(0, 400);
    if (parameter.name === 'id' && this.#chance(0.8)) return String(this.#random.pick(this.#ids));
    const value = this.#valueOf((parameter.schema ?? {}) as Schema);
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  #body(schema: Schema, example: Json): Omit<FuzzedRequest, 'path'> {
    const json = { 'content-type': 'application/json' };
    const kind = this.#random.next();
    if (kind < 0.08) {
      const { type, body, headers = {} } = this.#random.pick(HOSTILE_BODIES);
      return { headers: { ...(type === '' ? {} : { 'content-type': type }), ...headers }, body };
    }
    if (kind < 0.09) return { headers: json, body: JSON.stringify({ name: 'x'.repeat(TOO_MUCH_CHARS) }) };
    let value = this.#chance(0.5) && example !== undefined ? structuredClone(example) : this.#valueOf(schema);
    for (let n = this.#random.integer(0, 3); n > 0; n--) value = this.#spoilt(value);
    const text = JSON.stringify(value).replaceAll(ENDLESS, `1${'0'.repeat(400)}`);
    if (kind < 0.13) return { headers: json, body: text.slice(0, this.#random.integer(0, text.length)) };
    if (kind < 0.16) return { headers: json, body: this.#withBadBytes(text) };
    if (kind < 0.18) return { headers: { 'content-type': 'application/json; charset=latin1' }, body: text };
    return { headers: json, body: text };
  }

  /** As the schema wants it, mostly at the ends of what it allows. */
  #valueOf(given: Schema, depth = 0): Json {
    const schema = this.#resolved(given);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return this.#random.pick(schema.enum);
    if (schema.anyOf !== undefined) return this.#valueOf(this.#random.pick(schema.anyOf), depth);
    switch (schema.type) {
      case 'null':
        return null;
      case 'boolean':
        return this.#chance(0.5);
      case 'integer':
      case 'number':
        return this.#number(schema);
      case 'array': {
        const length = depth > 4 ? 0 : this.#random.integer(0, 3);
        return Array.from({ length }, () => this.#valueOf(schema.items ?? {}, depth + 1));
      }
      case 'object':
        return this.#object(schema, depth);
      default:
        return this.#text(schema);
    }
  }

  #resolved(schema: Schema): Schema {
    const name = schema.$ref?.split('/').at(-1);
    return name === undefined ? schema : (this.#document.components.schemas[name] as Schema);
  }

  #number({ type, minimum = -1000, maximum = 1_000_000 }: Schema): number {
    const value = this.#random.pick([minimum, maximum, 0, 1, this.#random.between(minimum, maximum)]);
    return type === 'integer' ? Math.round(value) : value;
  }

  #object({ properties = {}, required = [] }: Schema, depth: number): Json {
    const names = Object.keys(properties).filter((name) => required.includes(name) || this.#chance(0.7));
    return Object.fromEntries(names.map((name) => [name, this.#valueOf(properties[name] ?? {}, depth + 1)]));
  }

  #text({ format }: Schema): string {
    const times = [
      '2026-06-21T00:00:00+02:00',
      '2026-06-21',
      new Date(0).toISOString(),
      '9999-12-31T23:59:59Z',
      '0001-01-01',
    ];
    if (format?.startsWith('date') === true) return this.#random.pick(times);
    return this.#random.pick([
      ...times,
      ...['Dach', 'read', 'raw', '15m', 'day', 'json', 'Europe/Berlin', '116183771004', 'opendtu', 'true'],
    ]);
  }

  /** With one thing in it exchanged for what nobody expects there, or taken away, or added. */
  #spoilt(value: Json): Json {
    if (typeof value !== 'object' || value === null || this.#chance(0.15)) return this.#unexpected();
    const names = Object.keys(value);
    if (Array.isArray(value)) {
      if (names.length === 0 || this.#chance(0.1)) {
        // Many and deep at once would be millions of values: writing them keeps the server waiting that runs in the same process.
        const one = JSON.stringify(value[0] ?? {}).length > DEPTH ? {} : (value[0] ?? {});
        return Array.from({ length: 1_500 }, () => one);
      }
      const at = this.#random.integer(0, names.length - 1);
      return value.with(at, this.#spoilt(value[at] ?? null));
    }
    if (names.length === 0 || this.#chance(0.2)) {
      const name = this.#random.pick(['__proto__', 'constructor', 'toString', 'length', '', ...HOSTILE_WORDS]);
      return JSON.parse(
        JSON.stringify(value)
          .replace(/^\{/, `{${JSON.stringify(name)}:{"isAdmin":true},`)
          .replace(',}', '}'),
      );
    }
    const name = this.#random.pick(names);
    const { [name]: old = null, ...rest } = value;
    return this.#chance(0.15) ? rest : { ...rest, [name]: this.#spoilt(old) };
  }

  #unexpected(): Json {
    const random = this.#random;
    const choice = random.integer(0, 5);
    if (choice === 0) return random.pick(HUGE);
    if (choice === 1) return random.pick<Json>([null, true, false, [], {}, [[]], [null], { a: null }]);
    if (choice === 2) {
      let deep: Json = null;
      for (let n = 0; n < DEPTH; n++) deep = random.next() < 0.5 ? [deep] : { a: deep };
      return deep;
    }
    if (choice === 3) return String.fromCharCode(random.integer(0, 0xffff)).repeat(random.integer(1, 2_000));
    return random.pick(HOSTILE_WORDS);
  }

  #withBadBytes(text: string): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(new TextEncoder().encode(text));
    for (let n = 0; n < 3 && bytes.length > 0; n++) {
      bytes[this.#random.integer(0, bytes.length - 1)] = this.#random.integer(0x80, 0xff);
    }
    return bytes;
  }
}

/** What one segment of an address can hold; an empty one would be another route. */
function segment(word: string): string {
  const text = encodeURIComponent(wellFormed(word));
  return text === '' || text === '.' || text === '..' ? '%20' : text;
}
