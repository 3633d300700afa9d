import { Writable } from 'node:stream';
import type pg from 'pg';

const ROWS_AT_ONCE = 200;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/**
 * A client whose COPY … FROM STDIN is carried out as INSERTs: PostgreSQL in WebAssembly cannot take rows in the middle of a statement.
 * Everything else goes through as it is.
 */
export function copyByInsert(client: pg.Client): pg.Client {
  const query = (first: unknown, ...rest: unknown[]): unknown => {
    const text = (first as { text?: unknown } | null)?.text;
    const copy =
      first instanceof Writable && typeof text === 'string' ? /^COPY (.+ \(.+\)) FROM STDIN$/.exec(text) : null;
    if (copy?.[1] === undefined) return (client.query as (...args: unknown[]) => unknown).call(client, first, ...rest);
    return insertingStream(client, copy[1]);
  };
  return new Proxy(client, {
    get(target, name) {
      if (name === 'query') return query;
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function insertingStream(client: pg.Client, into: string): Writable {
  let rest = '';
  const insert = async (lines: readonly string[]): Promise<void> => {
    for (let at = 0; at < lines.length; at += ROWS_AT_ONCE) {
      const rows = lines.slice(at, at + ROWS_AT_ONCE).map((line) => line.split('\t').map(fieldValue));
      let n = 0;
      const places = rows.map((row) => `(${row.map(() => `$${++n}`).join(', ')})`);
      await client.query(`INSERT INTO ${into} OVERRIDING SYSTEM VALUE VALUES ${places.join(', ')}`, rows.flat());
    }
  };
  return new Writable({
    decodeStrings: true,
    write(piece: Buffer, _, done) {
      // Whole in latin1, so that a character cut in two by a piece's end is put together again.
      const lines = (rest + piece.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      insert(lines.map((line) => Buffer.from(line, 'latin1').toString('utf8'))).then(() => done(), done);
    },
  });
}

/** A field of PostgreSQL's text format for COPY. */
function fieldValue(field: string): string | null {
  return field === '\\N' ? null : field.replace(/\\(.)/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
}
