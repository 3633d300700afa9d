import type pg from 'pg';
import { connectClient } from '../db/client.ts';
import { translate } from '../db/errors.ts';
import { ConfigError } from '../domain/errors.ts';
import type { TimeRange } from './partitions.ts';

/** The predecessor's database, read and never written. Its tables were made by several generations of its migrations. */

export interface OldUser {
  id: number;
  email: string;
  passwordHash: string;
  firstName: string;
  lastName: string;
  isActive: boolean;
  isSuperuser: boolean;
  isVerified: boolean;
  /** In clear, as it was kept there. */
  apiKey: string | null;
}

export interface OldInverter {
  id: number;
  /** Null: its account was deleted, and it stayed behind. */
  userId: number | null;
  name: string;
  serial: string;
  ratedPowerW: number | null;
  mpptCount: number | null;
}

/** A row as it was stored: W, Wh, kWh; possibly several of the same moment. */
export interface OldAcRow {
  inverterId: number;
  ms: number;
  powerW: number | null;
  yieldDayWh: number | null;
  yieldTotalKwh: number | null;
}

export interface OldDcRow extends OldAcRow {
  channel: number;
  name: string | null;
  voltageV: number | null;
  currentA: number | null;
  irradiationPct: number | null;
}

export interface Predecessor {
  users(): Promise<OldUser[]>;
  inverters(): Promise<OldInverter[]>;
  /** The numbers its next account and inverter would have got. */
  nextIds(): Promise<{ user: number; inverter: number }>;
  /** Null when nothing was ever measured. */
  range(): Promise<TimeRange | null>;
  /** Whether its lifetime counters are whole kWh. */
  wholeKwh(): Promise<boolean>;
  /** Both tables of one range, each in order of inverter and time, in pieces; to be read at the same time. */
  measurements<T>(
    range: TimeRange,
    work: (ac: AsyncGenerator<OldAcRow>, dc: AsyncGenerator<OldDcRow>) => Promise<T>,
  ): Promise<T>;
  close(): Promise<void>;
}

const AC = 'inverter_measurements';
const DC = 'dc_channel_measurements';
const ROWS_A_PIECE = 5_000;

/** What each column is called there, how it is read, and what stands for it where that generation had none. */
const COLUMNS = {
  [AC]: {
    powerW: 'total_output_power::float8',
    yieldDayWh: 'yield_day_wh::float8',
    yieldTotalKwh: 'yield_total_kwh::float8',
  },
  [DC]: {
    channel: 'channel::int',
    name: 'name::text',
    powerW: 'power::float8',
    voltageV: 'voltage::float8',
    currentA: 'current::float8',
    yieldDayWh: 'yield_day_wh::float8',
    yieldTotalKwh: 'yield_total_kwh::float8',
    irradiationPct: 'irradiation::float8',
  },
  user: { apiKey: 'api_key::text' },
  inverter: { ratedPowerW: 'rated_power::int', mpptCount: 'number_of_mppts::int' },
} as const;

/**
 * Opens it with read-only transactions.
 * @throws ConfigError when it is no such database, or the login would be shown only a part of it; Unavailable
 */
export async function openPredecessor(url: string): Promise<Predecessor> {
  const client = await connectClient({
    connectionString: url,
    application_name: 'deye-hard import',
    options: '-c default_transaction_read_only=on -c TimeZone=UTC',
    connectionTimeoutMillis: 10_000,
  }).catch((error: unknown) => {
    throw translate(error);
  });
  try {
    const columns = await columnsOf(client);
    for (const table of ['user', 'inverter', AC]) {
      if (!columns.has(table))
        throw new ConfigError(`That is not the predecessor's database: it has no table "${table}".`);
    }
    await assertSeesEverything(client, columns);
    return describe(client, columns);
  } catch (error) {
    await client.end();
    throw error;
  }
}

type Columns = Map<string, Map<string, string>>;

async function columnsOf(client: pg.Client): Promise<Columns> {
  const { rows } = await client.query<{ table: string; column: string; type: string }>(
    `SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.oid = ANY (ARRAY(SELECT to_regclass(quote_ident(t)) FROM unnest($1::text[]) t)) AND a.attnum > 0 AND NOT a.attisdropped`,
    [['user', 'inverter', AC, DC]],
  );
  const columns: Columns = new Map();
  for (const { table, column, type } of rows) {
    const known = columns.get(table) ?? new Map<string, string>();
    columns.set(table, known.set(column, type));
  }
  return columns;
}

/** It has row security that shows a login other than the owner nothing, and says nothing about it. */
async function assertSeesEverything(client: pg.Client, columns: Columns): Promise<void> {
  for (const table of columns.keys()) {
    const { rows } = await client.query<{ active: boolean }>(
      'SELECT row_security_active(quote_ident($1)::regclass) AS active',
      [table],
    );
    if (rows[0]?.active === true) {
      throw new ConfigError(`Row security hides rows of "${table}" from this login. Use the one that owns the tables.`);
    }
  }
}

function describe(client: pg.Client, columns: Columns): Predecessor {
  const select = (table: keyof typeof COLUMNS): string =>
    Object.entries(COLUMNS[table])
      .map(([as, read]) => {
        const name = read.slice(0, read.indexOf(':'));
        return `${columns.get(table)?.has(name) === true ? read : `NULL${read.slice(read.indexOf(':'))}`} AS "${as}"`;
      })
      .join(', ');
  const ask = async <Row extends pg.QueryResultRow>(text: string): Promise<Row[]> =>
    client.query<Row>(text).then(
      ({ rows }) => rows,
      (error: unknown) => {
        throw translate(error);
      },
    );
  const tables = [AC, DC].filter((table) => columns.has(table));

  async function* rowsOf<Row extends pg.QueryResultRow>(
    table: typeof AC | typeof DC,
    { from, to }: TimeRange,
  ): AsyncGenerator<Row> {
    if (!columns.has(table)) return;
    const cursor = `${table}_rows`;
    // Of several rows of one moment the one that says most comes first.
    await ask(
      `DECLARE ${cursor} NO SCROLL CURSOR FOR
       SELECT inverter_id AS "inverterId", floor(extract(epoch FROM time) * 1000)::float8 AS ms, ${select(table)} FROM ${table}
       WHERE time >= '${from}' AND time < '${to}'
       ORDER BY inverter_id, 2, ${table === DC ? 'channel,' : ''} "yieldTotalKwh" DESC NULLS LAST, "yieldDayWh" DESC NULLS LAST, "powerW" DESC NULLS LAST`,
    );
    for (;;) {
      const rows = await ask<Row>(`FETCH ${ROWS_A_PIECE} FROM ${cursor}`);
      yield* rows;
      if (rows.length < ROWS_A_PIECE) break;
    }
    await ask(`CLOSE ${cursor}`);
  }

  return {
    users: () =>
      ask<OldUser>(
        `SELECT id, email, hashed_password AS "passwordHash", coalesce(first_name, '') AS "firstName", coalesce(last_name, '') AS "lastName",
                is_active AS "isActive", is_superuser AS "isSuperuser", is_verified AS "isVerified", ${select('user')}
         FROM "user" ORDER BY id`,
      ),
    inverters: () =>
      ask<OldInverter>(
        `SELECT id, user_id AS "userId", coalesce(name, '') AS name, coalesce(serial_logger, '') AS serial, ${select('inverter')}
         FROM inverter ORDER BY id`,
      ),
    async nextIds() {
      const of = async (table: string): Promise<number> => {
        const [row] = await ask<{ sequence: string | null }>(
          `SELECT pg_get_serial_sequence('${table}', 'id') AS sequence`,
        );
        if (row?.sequence == null) return 1;
        const [state] = await ask<{ next: number }>(
          `SELECT (last_value + is_called::int)::float8 AS next FROM ${row.sequence}`,
        );
        return state?.next ?? 1;
      };
      return { user: await of('"user"'), inverter: await of('inverter') };
    },
    async range() {
      const [row] = await ask<{ from: Date | null; to: Date | null }>(
        `SELECT min(time) AS from, max(time) AS to FROM (${tables.map((table) => `SELECT time FROM ${table}`).join(' UNION ALL ')}) t`,
      );
      const { from, to } = row ?? { from: null, to: null };
      return from === null || to === null ? null : { from: from.toISOString(), to: to.toISOString() };
    },
    wholeKwh: async () =>
      /int/.test(columns.get(DC)?.get('yield_total_kwh') ?? columns.get(AC)?.get('yield_total_kwh') ?? ''),
    async measurements(range, work) {
      await ask('BEGIN READ ONLY');
      try {
        return await work(rowsOf<OldAcRow>(AC, range), rowsOf<OldDcRow>(DC, range));
      } finally {
        // Only read: there is nothing to keep. Fails where the connection is gone, which has been reported then.
        await client.query('ROLLBACK').catch(() => undefined);
      }
    },
    close: () => client.end(),
  };
}
