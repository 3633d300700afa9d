import type pg from 'pg';
import type { Logger } from '../telemetry/logger.ts';
import type { Tracer } from '../telemetry/tracing.ts';

/** What became of a statement. */
export interface StatementEnd {
  /** Rows returned or changed; null when it failed, or has none. */
  rows: number | null;
  /** Of PostgreSQL or of the connection; undefined when it went well. */
  error: unknown;
}

/** Told of every statement when it is sent, with its text as `statementText` shows it; what it returns is called when it is over. */
export type StatementObserver = (text: string) => (end: StatementEnd) => void;

/** A wall of generated SQL helps nobody. */
const MAX_LENGTH = 2_000;

/**
 * A statement without anything it was given: parameters are not in it anyway, what is written between quotes is cut out, and it is
 * one line.
 */
export function statementText(text: string): string {
  const bare = text
    .replaceAll(/\$(\w*)\$[\s\S]*?\$\1\$/g, "'…'")
    .replaceAll(/'(?:[^']|'')*'/g, "'…'")
    .replaceAll(/\s+/g, ' ')
    .trim();
  return bare.length > MAX_LENGTH ? `${bare.slice(0, MAX_LENGTH)}…` : bare;
}

type Result = { rowCount?: number | null } | undefined;

/** From now on the observer is told of what this connection is asked, by whom it may be answered: a promise, or a callback as pools have. */
export function observeStatements(client: pg.ClientBase, observer: StatementObserver): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  const observed = (...args: unknown[]): unknown => {
    const [asked] = args;
    const text = typeof asked === 'string' ? asked : (asked as { text?: unknown } | null)?.text;
    const last = args.at(-1);
    // What streams its rows answers by itself.
    const isStream = typeof (asked as { submit?: unknown } | null)?.submit === 'function';
    if (typeof text !== 'string' || isStream) return query(...args);
    const end = observer(statementText(text));
    const over = (error: unknown, result?: Result): void => end({ rows: result?.rowCount ?? null, error });
    if (typeof last === 'function') {
      return query(...args.slice(0, -1), (error: Error | undefined, result: Result) => {
        over(error ?? undefined, result);
        last(error, result);
      });
    }
    const answer = query(...args) as Promise<Result>;
    answer.then((result) => over(undefined, result), over);
    return answer;
  };
  client.query = observed as typeof client.query;
}

/** A line for each statement, when it is over (`DEBUG`). */
export function logStatements(log: Pick<Logger, 'info'>): StatementObserver {
  return (text) => {
    const startedMs = performance.now();
    return ({ rows, error }) => {
      const code = (error as NodeJS.ErrnoException | undefined)?.code;
      const ms = Math.round((performance.now() - startedMs) * 10) / 10;
      log.info({ event: 'sql', sql: text, ms, rows, ...(code === undefined ? {} : { code }) }, 'sql');
    };
  };
}

/** A span for each statement of something that is traced; what a pool asks for itself is nobody's part. */
export function traceStatements(tracer: Tracer): StatementObserver {
  return (text) => {
    if (!tracer.isWithin) return () => undefined;
    const name = text.slice(0, text.search(/\W|$/)).toUpperCase();
    const attributes = { 'db.system.name': 'postgresql', 'db.query.text': text };
    const span = tracer.start({ name, kind: 'client', attributes });
    return ({ rows, error }) => span.end(rows === null ? {} : { 'db.response.returned_rows': rows }, error);
  };
}

/** One observer for all of them; null for none. */
export function allObservers(...observers: readonly (StatementObserver | null)[]): StatementObserver | null {
  const some = observers.filter((observer) => observer !== null);
  if (some.length === 0) return null;
  return (text) => {
    const ends = some.map((observer) => observer(text));
    return (end) => {
      for (const each of ends) each(end);
    };
  };
}
