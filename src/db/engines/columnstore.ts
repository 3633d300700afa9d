import type pg from 'pg';

type Client = Pick<pg.Client, 'query'>;

/** A chunk in columnstore, by the table that really holds its batches. Names are quoted. */
export interface LooseChunk {
  table: string;
  index: string;
  columns: string[];
}

/**
 * The longest a chunk's readers and writers may be held up by waiting for others of them. Better to try again at the next turn than to
 * hold the flushes up behind one slow export.
 */
const LOCK_TIMEOUT = '3s';

/** 55P03: the lock was not to be had; 40P01: nor ever would have been; 42P01: the chunk went meanwhile. None is a failure. */
const NOT_NOW = new Set(['55P03', '40P01', '42P01']);

/**
 * Chunks whose columns lie on disk as TimescaleDB packed them, which is how it leaves them: in words of 64 bits, EXTERNAL, so that PostgreSQL
 * does not compress them again. For times that are some seconds off that is a third of everything: whole seconds, counted in microseconds,
 * take 32 bits each, though there are but a few different ones. Runs as the owner of the chunks.
 */
export async function looseChunks(owner: Client): Promise<LooseChunk[]> {
  const { rows } = await owner.query<LooseChunk>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS table,
            (SELECT quote_ident(x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
             WHERE i.indrelid = c.oid AND i.indisvalid ORDER BY x.oid LIMIT 1) AS index,
            array_agg(quote_ident(a.attname) ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relkind = 'r' AND c.relhasindex AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
       AND a.atttypid = '_timescaledb_internal.compressed_data'::regtype AND a.attstorage = 'e' AND NOT a.attisdropped
     GROUP BY c.oid, n.nspname, c.relname ORDER BY c.oid`,
  );
  return rows;
}

/**
 * Has PostgreSQL compress such a chunk's columns where that makes them smaller, leave small ones beside the key up to its usual 2 kB (out of
 * line each of them costs 80 bytes; TimescaleDB leaves 128), and write everything anew in the order of the key. What is joined with the
 * chunk later is stored so, too.
 * @returns false when somebody reads or writes it just now
 */
export async function tightenChunk(owner: Client, { table, index, columns }: LooseChunk): Promise<boolean> {
  await owner.query('BEGIN');
  try {
    await owner.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
    const extended = columns.map((column) => `ALTER COLUMN ${column} SET STORAGE EXTENDED`);
    await owner.query(`ALTER TABLE ${table} ${extended.join(', ')}, RESET (toast_tuple_target)`);
    // VACUUM FULL would do the same, but in no transaction with the line above, by which a chunk is known to be done.
    await owner.query(`CLUSTER ${table} USING ${index}`);
    await owner.query('COMMIT');
    return true;
  } catch (error) {
    await owner.query('ROLLBACK');
    if (NOT_NOW.has((error as { code?: string }).code ?? '')) return false;
    throw error;
  }
}
