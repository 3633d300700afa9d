import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import { type FinishedSpan, Tracer } from '../telemetry/tracing.ts';
import { allObservers, logStatements, observeStatements, statementText, traceStatements } from './statements.ts';

describe('what is told of a statement', () => {
  it.each([
    ['SELECT *\n  FROM x  WHERE a = $1', 'SELECT * FROM x WHERE a = $1'],
    [`ALTER ROLE app PASSWORD 'it''s secret' LOGIN`, "ALTER ROLE app PASSWORD '…' LOGIN"],
    ["DO $body$ BEGIN PERFORM 'x'; END $body$", "DO '…'"],
    ["SELECT E'a', $1", "SELECT E'…', $1"],
  ])('%s is shown as %s', (text, shown) => {
    expect(statementText(text)).toBe(shown);
  });

  it('is cut where it is endless', () => {
    expect(statementText(`SELECT ${'x, '.repeat(5_000)}`)).toHaveLength(2_001);
  });

  it('is a line with its time, rows and SQL state', () => {
    const lines: unknown[] = [];
    const observe = logStatements({ info: ((line: unknown) => void lines.push(line)) as never });
    observe('SELECT 1')({ rows: 1, error: undefined });
    observe('SELECT 1/0')({ rows: null, error: Object.assign(new Error('no'), { code: '22012' }) });
    expect(lines).toEqual([
      { event: 'sql', sql: 'SELECT 1', ms: expect.any(Number), rows: 1 },
      { event: 'sql', sql: 'SELECT 1/0', ms: expect.any(Number), rows: null, code: '22012' },
    ]);
  });

  it('is told when a promise or a callback answers, and lets streams be', async () => {
    const stream = { text: 'COPY x TO STDOUT', submit: () => undefined };
    const client = {
      query: (...args: unknown[]) => {
        const answer = args.at(-1);
        if (typeof answer === 'function') answer(null, { rowCount: 2 });
        else return args[0] === stream ? stream : Promise.resolve({ rowCount: 1 });
        return undefined;
      },
    } as unknown as pg.Client;
    const ends: unknown[] = [];
    observeStatements(
      client,
      (text) =>
        ({ rows }) =>
          void ends.push([text, rows]),
    );
    const rows: unknown[] = [];
    client.query('SELECT 1', [], (_: Error, result: pg.QueryResult) => void rows.push(result.rowCount));
    expect(client.query(stream as never)).toBe(stream);
    await client.query({ text: 'SELECT 2', values: [] });
    expect([rows, ends]).toEqual([
      [2],
      [
        ['SELECT 1', 2],
        ['SELECT 2', 1],
      ],
    ]);
  });

  it('is a span where it is a part of something, and none where not', () => {
    const spans: FinishedSpan[] = [];
    const tracer = new Tracer({ export: (span) => void spans.push(span), stop: async () => undefined });
    const observe = allObservers(null, traceStatements(tracer));
    observe?.('SELECT alone')({ rows: 1, error: undefined });
    const request = tracer.start({ name: 'request' });
    tracer.within(request, () => observe?.('select name FROM x'))?.({ rows: 2, error: undefined });
    expect(spans).toEqual([
      expect.objectContaining({
        name: 'SELECT',
        kind: 'client',
        parentId: request.spanId,
        attributes: {
          'db.system.name': 'postgresql',
          'db.query.text': 'select name FROM x',
          'db.response.returned_rows': 2,
        },
      }),
    ]);
    expect(allObservers(null, null)).toBeNull();
  });
});
