import { createHash, randomUUID } from 'node:crypto';
import {
  type Column,
  type ForeignKey,
  foreignKeys,
  type Query,
  quoted,
  type Relation,
  relations,
} from './catalogue.ts';
import { WITHOUT_TENANT } from './policy.ts';

/** One of the accounts whose rows must stay apart. */
export interface Account {
  id: number;
  email: string;
  /** Stands in every text of its rows, and in no other account's. */
  marker: string;
}

export type Row = Record<string, unknown>;

/**
 * Values that a column's type alone does not tell: a check constraint wants them. By `table.column`, then by `column`. The first
 * literal of a check like `kind IN ('a', 'b')` is found by itself.
 */
const VALUES: Readonly<Record<string, (account: Account, n: number) => unknown>> = {
  'api.audit_log.actor_id': (account) => account.id,
  'api.inverter.kind': () => 'opendtu',
  'api.pending_device.kind': () => 'opendtu',
  // One that a gateway could send.
  'api.inverter.serial': (account, n) => `9${String(account.id).padStart(3, '0')}${String(n).padStart(8, '0')}`,
  time_zone: () => 'Europe/Berlin',
  address: () => '192.0.2.1',
  expires_at: () => new Date('2099-01-01'),
  revoked_at: () => null,
  removed_at: () => null,
  ended_at: () => null,
  done_at: () => null,
  waiting: () => false,
  'store.attempt.bucket': (_, n) => Buffer.alloc(16, n),
  only_row: () => true,
  // A packed day with one sample in it.
  day: () => '2024-06-01',
  samples: () => 1,
  tick_us: () => 1_000_000,
};

/** One to lose, one to keep. */
const ROWS: Readonly<Record<string, number>> = { 'api.inverter': 2 };

const DAY_MS = 24 * 3600_000;

/**
 * Days from now on which every table keyed by time gets a row, so that every partition that is made ahead holds some of each account.
 * An engine that makes them for the rows that come needs fewer.
 */
const EVERY_PARTITION: readonly number[] = Array.from({ length: 62 }, (_, i) => i - 21);
/** Before every partition: what lands in the default one. */
const LONG_AGO = new Date('2001-01-01T12:00:00Z');

/** Fills every table with rows of each account, in the order their references ask for. */
export class Seeder {
  readonly #db: Query;
  readonly #tables: Relation[];
  readonly #keys: ForeignKey[];
  readonly #checks: ReadonlyMap<string, string>;
  readonly #timed: ReadonlyMap<string, string>;
  #count = 0;

  private constructor(
    db: Query,
    tables: Relation[],
    keys: ForeignKey[],
    checks: Map<string, string>,
    timed: Map<string, string>,
  ) {
    this.#db = db;
    this.#tables = tables;
    this.#keys = keys;
    this.#checks = checks;
    this.#timed = timed;
  }

  /** @param db the owner's connection */
  static async on(db: Query): Promise<Seeder> {
    const all = await relations(db);
    const tables = all.filter((r) => r.kind === 'table' && r.root === r.id);
    return new Seeder(db, tables, await foreignKeys(db), await allowedWords(db), await timeKeys(db));
  }

  /** @throws an error that names the table and what to add, when a table cannot be filled */
  async fill(accounts: readonly Account[], now: Date, days = EVERY_PARTITION): Promise<void> {
    const times = [LONG_AGO, ...days.map((day) => new Date(now.getTime() + day * DAY_MS))];
    for (const table of this.#inOrder()) {
      if (table.id === 'api.user_account' || table.id.startsWith('_timescaledb')) continue;
      if (table.tenantKey === null) await this.#fillShared(table, accounts[0] as Account);
      else for (const account of accounts) await this.#fillFor(table, account, times);
    }
  }

  async #fillShared(table: Relation, anybody: Account): Promise<void> {
    if (WITHOUT_TENANT[table.id] === undefined) return;
    const { rowCount } = await this.#db.query(`SELECT FROM ${quoted(table.id)} LIMIT 1`);
    if (rowCount === 0) await this.insert(table.id, await this.freshRow(table.id, { ...anybody, marker: 'nobody' }));
  }

  async #fillFor(table: Relation, account: Account, times: readonly Date[]): Promise<void> {
    const time = this.#timed.get(table.id);
    if (time === undefined) {
      for (let n = ROWS[table.id] ?? 1; n > 0; n--) await this.insert(table.id, await this.freshRow(table.id, account));
      return;
    }
    for (const at of times) {
      await this.insert(table.id, { ...(await this.freshRow(table.id, account)), [time]: at });
    }
  }

  /** A row as this account might have it, that is not there yet; without the columns the server fills in itself. */
  async freshRow(tableId: string, account: Account): Promise<Row> {
    const table = this.#tables.find((t) => t.id === tableId);
    if (table === undefined) throw new Error(`there is no table ${tableId}`);
    const n = ++this.#count;
    const row: Row = {};
    for (const column of table.columns) {
      if (!column.always) row[column.name] = this.#value(table, column, account, n);
    }
    for (const key of this.#keys.filter((k) => k.table === tableId))
      Object.assign(row, await this.#parent(key, account));
    if ('inverter_id' in row) {
      const { rows } = await this.#db.query('SELECT id FROM api.inverter WHERE user_id = $1 ORDER BY id', [account.id]);
      row['inverter_id'] = rows[0]?.id ?? null;
    }
    return row;
  }

  async insert(tableId: string, row: Row): Promise<void> {
    const names = Object.keys(row).map((name) => quoted(name));
    const places = names.map((_, i) => `$${i + 1}`);
    try {
      await this.#db.query(
        `INSERT INTO ${quoted(tableId)} (${names.join(', ')}) VALUES (${places.join(', ')})`,
        Object.values(row),
      );
    } catch (cause) {
      throw new Error(
        `Table ${tableId} has no rows to test isolation with: a row made up from its columns was refused ` +
          `(${(cause as Error).message}). Say in VALUES of test/support/isolation/seed.ts what its columns take.`,
        { cause },
      );
    }
  }

  #value(table: Relation, column: Column, account: Account, n: number): unknown {
    if (column.name === table.tenantKey) return account.id;
    const said = VALUES[`${table.id}.${column.name}`] ?? VALUES[column.name];
    if (said !== undefined) return said(account, n);
    const word = this.#checks.get(`${table.id}.${column.name}`);
    if (word !== undefined) return word;
    return byType(column.type, account, n);
  }

  /** The referenced columns of a row this account has in the other table. */
  async #parent(key: ForeignKey, account: Account): Promise<Row> {
    const target = this.#tables.find((t) => t.id === key.target);
    const whose = target?.tenantKey;
    const { rows } = await this.#db.query<Row>(
      `SELECT * FROM ${quoted(key.target)} ${whose == null ? '' : `WHERE ${quoted(whose)} = $1`} ORDER BY 1 LIMIT 1`,
      whose == null ? [] : [account.id],
    );
    return Object.fromEntries(key.columns.map((name, i) => [name, rows[0]?.[key.targetColumns[i] ?? '']]));
  }

  /** Referenced tables first. */
  #inOrder(): Relation[] {
    const done: Relation[] = [];
    const waiting = [...this.#tables];
    while (waiting.length > 0) {
      const free = waiting.findIndex((t) =>
        this.#keys.every((k) => k.table !== t.id || k.target === t.id || done.some((d) => d.id === k.target)),
      );
      // A circle of references: whichever, and the database says what is missing.
      done.push(...waiting.splice(Math.max(free, 0), 1));
    }
    return done;
  }
}

function byType(type: string, account: Account, n: number): unknown {
  if (type.endsWith('[]')) return [byType(type.slice(0, -2), account, n)];
  switch (type) {
    case 'text':
    case 'character varying':
    case 'name':
      return `${account.marker}-${n}`;
    case 'smallint':
      return 1 + (n % 8);
    case 'integer':
    case 'bigint':
    case 'numeric':
    case 'real':
    case 'double precision':
      return n % 90;
    case 'boolean':
      return false;
    case 'uuid':
      return randomUUID();
    case 'bytea':
      return createHash('sha256').update(`${account.marker}-${n}`).digest();
    case 'json':
    case 'jsonb':
      return JSON.stringify({ marker: account.marker });
    case 'date':
    case 'timestamp with time zone':
      return new Date();
    default:
      return null;
  }
}

/** The first word of every `CHECK (column IN ('word', …))`. */
async function allowedWords(db: Query): Promise<Map<string, string>> {
  const { rows } = await db.query<{ table: string; definition: string }>(
    `SELECT format('%s.%s', n.nspname, c.relname) AS table, pg_get_constraintdef(k.oid) AS definition
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE k.contype = 'c'`,
  );
  const words = new Map<string, string>();
  for (const { table, definition } of rows) {
    const [, column, word] = /\((\w+) = ANY \(ARRAY\['([^']+)'/.exec(definition) ?? [];
    if (column !== undefined && word !== undefined) words.set(`${table}.${column}`, word);
  }
  return words;
}

/** Tables of measurements, whose primary key has a time in it, with the name of that column. */
async function timeKeys(db: Query): Promise<Map<string, string>> {
  const { rows } = await db.query<{ table: string; column: string }>(
    `SELECT format('%s.%s', n.nspname, c.relname) AS table, a.attname AS column
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey::int2[])
     WHERE i.indisprimary AND a.atttypid = 'timestamptz'::regtype`,
  );
  return new Map(rows.map((row) => [row.table, row.column]));
}
