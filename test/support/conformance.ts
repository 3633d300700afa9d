import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { present } from './present.ts';

interface Media {
  schema?: object;
  example?: unknown;
}
interface DocumentedAnswer {
  $ref?: string;
  content?: Record<string, Media>;
}
export interface DocumentedParameter {
  name: string;
  in: string;
  required?: boolean;
  schema?: object;
}
export interface DocumentedOperation {
  security: Record<string, string[]>[];
  parameters?: DocumentedParameter[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, DocumentedAnswer>;
}
export type ApiDocument = Record<string, unknown> & {
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: Record<string, object>; responses: Record<string, DocumentedAnswer> };
};

/** What is sent: the body as JSON, or as it is in `raw` and `form`. */
export interface Sent {
  path?: Record<string, string | number>;
  query?: string;
  body?: unknown;
  raw?: string;
  form?: URLSearchParams;
}

export interface Walked {
  status: number;
  problems: string[];
  body: Record<string, never> & { [name: string]: unknown };
  headers: Headers;
}

export interface NamedOperation extends DocumentedOperation {
  /** `GET /api/v1/inverters/{id}` */
  key: string;
  method: string;
  /** With its parameters in braces. */
  path: string;
  /** Scopes of keys that may; empty for none. */
  scopes: string[];
}

/** Asks what the document describes, and compares every answer with what it says of it. */
export class Conformance {
  readonly document: ApiDocument;
  readonly operations: readonly NamedOperation[];
  readonly #ajv: Ajv2020;
  readonly #checks = new Map<string, ValidateFunction>();
  readonly #walked = new Map<string, number[]>();

  constructor(document: ApiDocument) {
    this.document = document;
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    formats.default(this.#ajv);
    this.#ajv.addSchema(document, 'document');
    this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        ...operation,
        key: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        scopes: operation.security.flatMap((one) => one['apiKey'] ?? []),
      })),
    );
  }

  /** What is wrong with a value, by a place in the document; empty where nothing is. */
  problemsAt(where: readonly string[], value: unknown): string[] {
    const pointer = where.map((one) => encodeURIComponent(one.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    const check = this.#checks.get(pointer) ?? this.#ajv.compile({ $ref: `document#/${pointer}` });
    this.#checks.set(pointer, check);
    if (check(value) === true) return [];
    return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath || 'it'} ${message}`);
  }

  async walk(origin: string, key: string, headers: Record<string, string>, sent: Sent = {}): Promise<Walked> {
    const { method, path: template } = present(this.operations.find((one) => one.key === key));
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(sent.path?.[name])));
    const body = sent.raw ?? sent.form ?? (sent.body === undefined ? null : JSON.stringify(sent.body));
    const type: Record<string, string> =
      typeof body === 'string' && headers['content-type'] === undefined ? { 'content-type': 'application/json' } : {};
    const init = { method, headers: { ...type, ...headers }, body };
    return this.ask(key, `${origin}${path}${sent.query ?? ''}`, init);
  }

  /** Any request to an operation; of a stream only the beginning. @throws whatever `fetch` throws, also after `patienceMs` */
  async ask(key: string, url: string, init: RequestInit, patienceMs = 60_000): Promise<Walked> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(new Error(`no answer within ${patienceMs} ms`)), patienceMs);
    try {
      const response = await fetch(url, { ...init, signal: stop.signal });
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
      const text = isStream ? '' : await response.text();
      this.#walked.set(key, [...(this.#walked.get(key) ?? []), response.status]);
      return { status: response.status, headers: response.headers, ...this.#judged(key, response, text) };
    } finally {
      clearTimeout(timer);
      stop.abort();
    }
  }

  #judged(key: string, { status, headers }: Response, text: string): Pick<Walked, 'problems' | 'body'> {
    const { responses, path, method } = present(this.operations.find((one) => one.key === key));
    const documented = responses[String(status)];
    const type = (headers.get('content-type') ?? '').replace(/;.*/, '');
    if (documented === undefined) return { problems: [`${key}: ${status} is not documented: ${text}`], body: {} };
    const name = documented.$ref?.split('/').at(-1);
    const answer = name === undefined ? documented : present(this.document.components.responses[name]);
    const where =
      name === undefined
        ? ['paths', path, method.toLowerCase(), 'responses', String(status)]
        : ['components', 'responses', name];
    const problems: string[] = [];
    if ((status === 429 || status === 503) && path !== '/healthcheck' && headers.get('retry-after') === null) {
      problems.push(`${key}: ${status} does not say when to come back`);
    }
    if (answer.content === undefined) {
      if (text !== '') problems.push(`${key}: ${status} has a body`);
      return { problems, body: {} };
    }
    if (answer.content[type] === undefined) problems.push(`${key}: ${status} comes as ${type}`);
    if (problems.length > 0 || type !== 'application/json') return { problems, body: {} };
    const body = JSON.parse(text) as Walked['body'];
    const found = this.problemsAt([...where, 'content', type, 'schema'], body);
    return { problems: found.map((problem) => `${key}: ${status}: ${problem}`), body };
  }

  /** Answers that the document promises and that were not seen. */
  unseen(but: readonly number[]): string[] {
    return this.operations.flatMap(({ key, responses }) =>
      Object.keys(responses)
        .map(Number)
        .filter((status) => !but.includes(status) && !this.#walked.get(key)?.includes(status))
        .map((status) => `${key}: ${status}`),
    );
  }

  /** How each operation was answered, how often. */
  printed(): string {
    return this.operations
      .map(({ key }) => {
        const counts = new Map<number, number>();
        for (const status of this.#walked.get(key) ?? []) counts.set(status, (counts.get(status) ?? 0) + 1);
        const all = [...counts].sort(([a], [b]) => a - b).map(([status, n]) => (n === 1 ? status : `${status}×${n}`));
        return `  ${key.padEnd(52)} ${all.join(' ')}`;
      })
      .join('\n');
  }
}
