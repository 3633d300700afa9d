import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database as the predecessor's migrations leave it (whole numbers, no key on its main table), or as an earlier generation did. */
export interface FakePredecessor {
  url: string;
  query(text: string, values?: unknown[]): Promise<void>;
  /** A login that its row security shows nothing. */
  strangerUrl: string;
  drop(): Promise<void>;
}

/** `Sonnenschein 2026` by the libraries it used. */
export const HASHES = {
  argon2id: '$argon2id$v=19$m=65536,t=3,p=4$VDR0MQCGoF0dH8Yys8IvSw$QXYWWoG4c+7bz+DBLLacVZGmcw8krD+FXrrVxO8MgWo',
  bcrypt: '$2b$04$aA5XCMvVuGOncGBhla8us.RxOx7RALWOsZW9pxPCvf0uBXTEvUVOa',
};

export const OLD_KEY = 'ABCD-EFGH-JKMN-PQ23';

const HEAD = (measured: string) => `
  CREATE TABLE "user" (id serial PRIMARY KEY, email varchar(320) NOT NULL, hashed_password varchar(1024) NOT NULL,
    is_active boolean NOT NULL, is_superuser boolean NOT NULL, is_verified boolean NOT NULL,
    first_name varchar(255) NOT NULL, last_name varchar(255) NOT NULL, api_key varchar(32) CONSTRAINT uq_user_api_key UNIQUE);
  CREATE UNIQUE INDEX ix_user_email ON "user" (email);
  CREATE TABLE inverter (id serial PRIMARY KEY, user_id int REFERENCES "user", name varchar NOT NULL,
    serial_logger varchar NOT NULL CONSTRAINT serial_logger_unique UNIQUE, sw_version varchar, rated_power int, number_of_mppts int);
  CREATE TABLE inverter_measurements (time timestamptz NOT NULL, user_id int NOT NULL REFERENCES "user" ON DELETE CASCADE,
    inverter_id int NOT NULL REFERENCES inverter ON DELETE CASCADE, total_output_power int NOT NULL, yield_day_wh int, yield_total_kwh int);
  CREATE TABLE dc_channel_measurements (time timestamptz NOT NULL, user_id int NOT NULL REFERENCES "user" ON DELETE CASCADE,
    inverter_id int NOT NULL REFERENCES inverter ON DELETE CASCADE, channel int NOT NULL, name varchar NOT NULL, power ${measured} NOT NULL,
    voltage ${measured}, current double precision, yield_day_wh ${measured}, yield_total_kwh ${measured}, irradiation ${measured},
    PRIMARY KEY (time, user_id, inverter_id, channel));
  ALTER TABLE inverter_measurements ENABLE ROW LEVEL SECURITY;
  CREATE POLICY user_isolation_policy ON inverter_measurements
    USING (user_id = current_setting('app.current_user_id')::int);`;

/** Before the inputs were kept, and before an inverter's rating was. */
const EARLY = `
  CREATE TABLE "user" (id serial PRIMARY KEY, email varchar(320) NOT NULL, hashed_password varchar(1024) NOT NULL,
    is_active boolean NOT NULL, is_superuser boolean NOT NULL, is_verified boolean NOT NULL,
    first_name varchar(32) NOT NULL, last_name varchar(32) NOT NULL);
  CREATE TABLE inverter (id serial PRIMARY KEY, user_id int, name varchar NOT NULL, serial_logger varchar NOT NULL, sw_version varchar);
  CREATE TABLE inverter_measurements (time timestamptz NOT NULL, user_id int NOT NULL, inverter_id int NOT NULL,
    total_output_power int NOT NULL);`;

export type Generation = 'whole numbers' | 'floating point' | 'early';

export async function createPredecessor(generation: Generation): Promise<FakePredecessor> {
  const name = `old_${process.pid}_${randomBytes(4).toString('hex')}`;
  const serverUrl = new URL(process.env['TEST_POSTGRES_URL'] ?? '');
  const urlOf = (database: string): URL => Object.assign(new URL(serverUrl), { pathname: `/${database}` });
  const run = async (url: URL, text: string, values?: unknown[]): Promise<void> => {
    const client = new pg.Client({ connectionString: url.toString() });
    await client.connect();
    try {
      await client.query(text, values);
    } finally {
      await client.end();
    }
  };
  await run(urlOf('postgres'), `CREATE DATABASE ${name}`);
  const url = urlOf(name);
  const ddl = { 'whole numbers': HEAD('int'), 'floating point': HEAD('double precision'), early: EARLY };
  await run(url, ddl[generation]);
  await run(
    url,
    `CREATE ROLE ${name}_reader LOGIN PASSWORD 'reader'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${name}_reader`,
  );
  const stranger = Object.assign(new URL(url), { username: `${name}_reader`, password: 'reader' });
  return {
    url: url.toString(),
    strangerUrl: stranger.toString(),
    query: (text, values) => run(url, text, values),
    async drop() {
      await run(urlOf('postgres'), `DROP DATABASE ${name} WITH (FORCE)`);
      await run(urlOf('postgres'), `DROP ROLE ${name}_reader`);
    },
  };
}

/**
 * A day of an OpenDTU inverter with two inputs, a sample a minute. Input 1 makes 300 W from 12 kWh on, input 2 half of it from 8 kWh
 * on; whole numbers are what the predecessor made of them.
 */
export function fillDay(
  old: FakePredecessor,
  generation: Generation,
  ids: { user: number; inverter: number },
  from: string,
  minutes: number,
): Promise<void> {
  const kept = generation === 'whole numbers' ? 'trunc' : '';
  return old.query(
    `WITH s AS (SELECT $1::timestamptz + make_interval(mins => m) AS at, 12.0 + m * 0.005 AS one, 8.0 + m * 0.0025 AS two, m
                FROM generate_series(0, $4::int - 1) m),
       ac AS (INSERT INTO inverter_measurements SELECT at, $2, $3, 450, trunc(m * 7.5), trunc(one) + trunc(two) FROM s)
     INSERT INTO dc_channel_measurements
     SELECT at, $2, $3, c, 'Modul ' || c, ${kept}(CASE c WHEN 1 THEN 300.4 ELSE 150.2 END), ${kept}(30.8), 9.5,
            ${kept}(m * CASE c WHEN 1 THEN 5 ELSE 2.5 END), ${kept}(CASE c WHEN 1 THEN one ELSE two END), ${kept}(55.5)
     FROM s, generate_series(1, 2) c`,
    [from, ids.user, ids.inverter, minutes],
  );
}
