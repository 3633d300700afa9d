import type pg from 'pg';
import { keepDaysOf } from '../src/worker/keep-days.ts';
import { present } from '../test/support/present.ts';
import type { TestDatabase } from '../test/support/test-database.ts';

/** A past for the reads to be measured on: an account and its inverters with samples and quarter hours, hot and cold as production has them. */
export interface Filled {
  engine: 'PostgreSQL' | 'TimescaleDB';
  userId: number;
  inverterIds: number[];
  days: number;
  /** The newest sample is a little older. */
  now: Date;
  acSamples: number;
  dcSamples: number;
  quarters: number;
}

const INPUTS = 4;
const WEEK = `interval '168 hours'`;
/** As COMPRESS_AFTER_DAYS leaves them: the week that goes on and the one before. */
const HOT_WEEKS = 2;
/** A Sunday evening in June, if nobody says otherwise: nearly all of that week is there. */
const SUNDAY = new Date('2026-06-21T19:30:00Z');
const WEEK_MS = 168 * 3_600_000;
/** Weeks of samples begin on Mondays, in UTC. */
const A_MONDAY_MS = Date.UTC(2001, 0, 1);

/**
 * Every sample by the minute, some seconds off, day and night. One week is made up and compressed; the weeks before are the same one, some
 * days earlier: their values do not matter, their number and their places do.
 */
export async function fillYear(
  db: Pick<TestDatabase, 'owner'>,
  { days, inverters, now = SUNDAY }: { days: number; inverters: number; now?: Date },
): Promise<Filled> {
  const weeks = Math.ceil(days / 7);
  const monday = new Date(now.getTime() - ((now.getTime() - A_MONDAY_MS) % WEEK_MS));
  const { engine, userId, inverterIds, quarters } = await db.owner(async (client) => {
    const userId = await one(
      client,
      `SELECT api.insert_account('year@example.org', 'x', 'B', 'B', false, true, 'Europe/Berlin') AS n`,
    );
    const inverterIds = await addInverters(client, userId, inverters);
    await client.query(`SELECT set_config('TimeZone', 'UTC', false)`);
    const engine = (await client.query<{ engine: string }>('SELECT engine FROM store.installation')).rows[0]?.engine;
    const fill = engine === 'plain' ? fillPlain : fillTimescale;
    await fill(client, { userId, inverterIds, now, monday }, weeks);
    console.log(`${weeks} weeks of samples are there`);
    const quarters = await fillQuarters(client, monday, weeks);
    await client.query(
      `INSERT INTO store.counter (user_id, inverter_id, first_good_wh, booked_wh, counter_wh, last_ts, last_live_ts, last_fresh_ts,
         last_received_at, interval_s)
       SELECT $1, n, '{0,0,0,0,0}', '{1,1,1,1,1}', '{1,1,1,1,1}', t, t, t, t, 60
       FROM unnest($2::int[]) AS n, LATERAL (SELECT max(ts) AS t FROM store.ac_sample s WHERE s.inverter_id = n) m`,
      [userId, inverterIds],
    );
    return { engine, userId, inverterIds, quarters };
  });
  for (const inverterId of inverterIds) await keepDaysOf(db, { userId, inverterId }, now);
  return db.owner(async (client) => {
    await client.query('VACUUM ANALYZE');
    const [acSamples, dcSamples] = [await countOf(client, 'ac'), await countOf(client, 'dc')];
    return {
      engine: engine === 'plain' ? 'PostgreSQL' : 'TimescaleDB',
      userId,
      inverterIds,
      days: weeks * 7,
      now,
      acSamples,
      dcSamples,
      quarters,
    };
  });
}

async function addInverters(client: pg.Client, userId: number, count: number): Promise<number[]> {
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO api.inverter (user_id, site_id, kind, serial, name, rated_power_w)
     SELECT $1, (SELECT id FROM api.site WHERE user_id = $1), 'opendtu', 'bench' || n, 'Dach ' || n, 1500
     FROM generate_series(1, $2) n RETURNING id`,
    [userId, count],
  );
  await client.query(
    `INSERT INTO api.channel (user_id, inverter_id, channel, device_name)
     SELECT $1, i, c, 'Modul ' || c FROM unnest($2::int[]) i, generate_series(1, ${INPUTS}) c`,
    [userId, rows.map((row) => row.id)],
  );
  return rows.map((row) => row.id);
}

/** Whose samples, and the week that goes on. */
interface Place {
  userId: number;
  inverterIds: readonly number[];
  monday: Date;
  now: Date;
}

/** Samples of the weeks from `weeksAgo` on, `count` of them, one after the other as they would have come. */
async function insertWeeks(
  client: pg.Client,
  { userId, inverterIds, monday, now }: Place,
  weeksAgo: number,
  count: number,
): Promise<void> {
  const minutes = `generate_series($3::timestamptz - $4 * ${WEEK}, least($3::timestamptz + ($5 - $4) * ${WEEK}, $6) - interval '1 minute',
                     interval '1 minute') AS minute, unnest($2::int[]) AS i`;
  const ts = `minute + interval '1 second' * ((i * 7 + extract(epoch FROM minute)::bigint / 60 * 13) % 6)`;
  const sun = `greatest(0, sin((extract(hour FROM minute) * 60 + extract(minute FROM minute) - 270) / 900.0 * pi()))`;
  const values = [userId, inverterIds, monday, weeksAgo, count, now];
  await client.query(
    `INSERT INTO store.ac_sample (user_id, inverter_id, ts, power_dw, power_dc_dw, voltage_dv, current_ca, frequency_chz, power_factor_pm,
       temperature_ddegc, yield_day_wh, yield_total_wh)
     SELECT $1, i, ${ts}, p, p * 1.04, 2300 + random() * 60, p / 23, 5000 + random() * 4, 990, 200 + ${sun} * 250,
       ${sun} * 6000, 4000000 + extract(epoch FROM minute)::bigint / 400
     FROM ${minutes}, LATERAL (SELECT (${sun} * 14000 * (0.6 + random() * 0.4))::int AS p) s ORDER BY minute, i`,
    values,
  );
  await client.query(
    `INSERT INTO store.dc_sample (user_id, inverter_id, channel, ts, power_dw, voltage_dv, current_ca, yield_day_wh, yield_total_wh,
       irradiation_cpct)
     SELECT $1, i, c, ${ts}, p, 300 + random() * 20, p / 3, ${sun} * 1500, 1000000 + extract(epoch FROM minute)::bigint / 1600, p * 2
     FROM ${minutes}, generate_series(1, ${INPUTS}) AS c,
       LATERAL (SELECT (${sun} * 3500 * (0.6 + random() * 0.4))::int AS p) s ORDER BY minute, i, c`,
    values,
  );
}

async function fillPlain(client: pg.Client, place: Place, weeks: number): Promise<void> {
  const { monday } = place;
  const hot = Math.min(HOT_WEEKS, weeks);
  await client.query(`SELECT store.make_partitions($1::timestamptz - $2 * ${WEEK}, $1::timestamptz + 4 * ${WEEK})`, [
    monday,
    hot,
  ]);
  await insertWeeks(client, place, hot - 1, hot);
  if (weeks <= hot) return;
  await insertWeeks(client, place, hot, 1);
  const packed = `$1::timestamptz - ${hot} * ${WEEK}`;
  const count = await one(client, `SELECT store.pack_week(${packed}) AS n`, [monday]);
  if (count === 0) throw new Error('nothing was packed');
  for (const kind of ['ac', 'dc']) {
    const { rows } = await client.query<{ names: string }>(
      `SELECT store.key_columns($1) || ', samples, tick_us, ts, ts_us, ' || (SELECT string_agg(name, ', ') FROM store.measured_columns($1)) AS names`,
      [kind],
    );
    const names = present(rows[0]).names;
    // Oldest first, as packing week by week would have written them.
    await client.query(
      `INSERT INTO store.${kind}_packed (day, ${names})
       SELECT day - 7 * w, ${names} FROM store.${kind}_packed, generate_series(1, $1::int) AS w ORDER BY w DESC, day`,
      [weeks - hot - 1],
    );
  }
}

async function fillTimescale(client: pg.Client, place: Place, weeks: number): Promise<void> {
  for (let ago = weeks - 1; ago >= 0; ago--) {
    await insertWeeks(client, place, ago, 1);
    if (ago < HOT_WEEKS) continue;
    for (const table of ['ac_sample', 'dc_sample']) {
      await client.query(
        `SELECT compress_chunk(c, if_not_compressed => true)
         FROM show_chunks('store.${table}', older_than => $1::timestamptz - ($2 - 1) * ${WEEK}) c`,
        [place.monday, ago],
      );
    }
  }
}

/**
 * What the newest full week would have been booked as, and the same for all weeks before it; and the week that goes on. In order of time,
 * so that inverters lie mixed.
 */
async function fillQuarters(client: pg.Client, monday: Date, weeks: number): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO store.energy_15m (user_id, inverter_id, ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw)
     SELECT user_id, inverter_id, quarter - w * ${WEEK}, wh, none, power_sum, power_count, power_max
     FROM (
       SELECT user_id, inverter_id, quarter, array_agg(power_sum / 600 ORDER BY channel) AS wh, array_agg(0 ORDER BY channel) AS none,
         array_agg(power_sum ORDER BY channel) AS power_sum, array_agg(power_count ORDER BY channel) AS power_count,
         array_agg(power_max ORDER BY channel) AS power_max
       FROM (
         SELECT user_id, inverter_id, channel, date_bin('15 minutes', ts, '2000-01-01Z') AS quarter, sum(power_dw) AS power_sum,
           count(power_dw)::int AS power_count, max(power_dw) AS power_max
         FROM (SELECT user_id, inverter_id, 0 AS channel, ts, power_dw FROM store.ac_sample
               UNION ALL SELECT user_id, inverter_id, channel, ts, power_dw FROM store.dc_sample) s
         WHERE ts >= $1::timestamptz - ${WEEK} GROUP BY 1, 2, 3, 4
       ) c GROUP BY 1, 2, 3
     ) q, generate_series(0, CASE WHEN quarter < $1 THEN $2 - 2 ELSE 0 END) AS w ORDER BY 3, 2`,
    [monday, weeks],
  );
  return rowCount ?? 0;
}

/** Packed days are not unpacked to be counted. */
async function countOf(client: pg.Client, kind: 'ac' | 'dc'): Promise<number> {
  const hot = await one(client, `SELECT count(*) AS n FROM store.${kind}_sample`);
  const { rows } = await client.query(`SELECT FROM pg_class WHERE oid = to_regclass('store.${kind}_packed')`);
  return rows.length === 0
    ? hot
    : hot + (await one(client, `SELECT coalesce(sum(samples), 0) AS n FROM store.${kind}_packed`));
}

async function one(client: pg.Client, sql: string, values: unknown[] = []): Promise<number> {
  const { rows } = await client.query<{ n: number }>(sql, values);
  return present(rows[0]).n;
}
