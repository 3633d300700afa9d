-- Samples, counters and energy. The tables lie in schema store, where no serving login has any right; the application reads them
-- through barrier views that show one tenant, the ingest login writes them through three functions.
-- Lines between "only:plain" or "only:timescale" and "end only" are for that engine.
--
-- Measurements are scaled integers, because they compress to a sixth of floating-point columns and lose nothing the devices say:
-- _dw 0.1 W, _dv 0.1 V, _ca 0.01 A, _chz 0.01 Hz, _pm 0.001, _ddegc 0.1 °C, _cpct 0.01 %. NULL is unknown; nothing is ever 0 for want
-- of a value.

-- migrate:up
CREATE TABLE store.ac_sample (
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  ts timestamptz NOT NULL,
  power_dw int,
  power_dc_dw int,
  voltage_dv int,
  voltage_l2_dv int,
  voltage_l3_dv int,
  current_ca int,
  current_l2_ca int,
  current_l3_ca int,
  power_l1_dw int,
  power_l2_dw int,
  power_l3_dw int,
  frequency_chz int,
  power_factor_pm smallint,
  temperature_ddegc smallint,
  yield_day_wh int,
  yield_total_wh bigint,
  -- Bits: 1 unreachable, 2 stale, 4 never polled, 8 clock not trusted, 16 stored by the device, 32 time through its boot,
  -- 64 time from the inverter's clock, 128 a value was rejected
  status smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (user_id, inverter_id, ts)
)
-- only:plain
PARTITION BY RANGE (ts)
-- end only
;

CREATE TABLE store.dc_sample (
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  channel smallint NOT NULL,
  ts timestamptz NOT NULL,
  power_dw int,
  voltage_dv int,
  current_ca int,
  yield_day_wh int,
  yield_total_wh bigint,
  irradiation_cpct int,
  PRIMARY KEY (user_id, inverter_id, channel, ts)
)
-- only:plain
PARTITION BY RANGE (ts)
-- end only
;

-- One row an inverter. Arrays are indexed by channel + 1: element 1 is the inverter itself, element 2 its first input.
CREATE TABLE store.counter (
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  -- What the energy fold must remember between batches (domain/energy.ts).
  fold json,
  first_good_wh bigint[] NOT NULL DEFAULT '{}',
  booked_wh bigint[] NOT NULL DEFAULT '{}',
  -- The device's own lifetime figures, as last accepted.
  counter_wh bigint[] NOT NULL DEFAULT '{}',
  -- Newest sample of all; newest live one and when that was received; newest one in which the device really measured.
  last_ts timestamptz,
  last_live_ts timestamptz,
  last_fresh_ts timestamptz,
  last_received_at timestamptz,
  interval_s int,
  PRIMARY KEY (user_id, inverter_id)
) WITH (fillfactor = 60);

-- One row an inverter and quarter hour, arrays as above. Kept for ever.
CREATE TABLE store.energy_15m (
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  ts timestamptz NOT NULL,
  energy_wh int[] NOT NULL DEFAULT '{}',
  -- The part of energy_wh that was inferred over a gap or from power, not counted.
  estimated_wh int[] NOT NULL DEFAULT '{}',
  power_sum_dw bigint[] NOT NULL DEFAULT '{}',
  power_count int[] NOT NULL DEFAULT '{}',
  power_max_dw int[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (user_id, inverter_id, ts)
)
-- only:plain
PARTITION BY RANGE (ts)
-- end only
;

-- only:timescale
SELECT public.create_hypertable('store.ac_sample', 'ts', chunk_time_interval => interval '7 days',
  partitioning_column => 'user_id', number_partitions => {{space_partitions}}, create_default_indexes => false);
SELECT public.create_hypertable('store.dc_sample', 'ts', chunk_time_interval => interval '7 days',
  partitioning_column => 'user_id', number_partitions => {{space_partitions}}, create_default_indexes => false);
SELECT public.create_hypertable('store.energy_15m', 'ts', chunk_time_interval => interval '91 days',
  create_default_indexes => false);
-- end only

-- only:plain
-- Rows whose partition does not exist yet must never fail a batch.
CREATE TABLE store.ac_sample_default PARTITION OF store.ac_sample DEFAULT;
CREATE TABLE store.dc_sample_default PARTITION OF store.dc_sample DEFAULT;
CREATE TABLE store.energy_15m_default PARTITION OF store.energy_15m DEFAULT;

-- Makes the partition of one table that holds the moment `at`, moving over what waits in the default partition.
CREATE FUNCTION store.make_partition(of_table text, from_ts timestamptz, to_ts timestamptz) RETURNS boolean
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      part text := format('%s_p%s', of_table, to_char(from_ts AT TIME ZONE 'UTC', 'YYYYMMDD'));
      waiting boolean;
    BEGIN
      IF to_regclass(format('store.%I', part)) IS NOT NULL THEN RETURN false; END IF;
      EXECUTE format('SELECT EXISTS (SELECT FROM store.%I WHERE ts >= $1 AND ts < $2)', of_table || '_default')
        INTO waiting USING from_ts, to_ts;
      IF NOT waiting THEN
        EXECUTE format('CREATE TABLE store.%I PARTITION OF store.%I FOR VALUES FROM (%L) TO (%L)', part, of_table, from_ts, to_ts);
      ELSE
        EXECUTE format('CREATE TABLE store.%I (LIKE store.%I INCLUDING ALL)', part, of_table);
        EXECUTE format('WITH moved AS (DELETE FROM store.%I WHERE ts >= $1 AND ts < $2 RETURNING *)
                        INSERT INTO store.%I SELECT * FROM moved', of_table || '_default', part) USING from_ts, to_ts;
        EXECUTE format('ALTER TABLE store.%I ATTACH PARTITION store.%I FOR VALUES FROM (%L) TO (%L)', of_table, part, from_ts, to_ts);
      END IF;
      RETURN true;
    END
  $$;

-- Partitions from the week (quarter) of from_ts to that of to_ts; answers how many were new.
CREATE FUNCTION store.make_partitions(from_ts timestamptz, to_ts timestamptz) RETURNS int
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      made int := 0;
      span_start timestamptz := date_trunc('week', from_ts, 'UTC');
      quarter_start timestamptz := date_trunc('quarter', from_ts, 'UTC');
    BEGIN
      WHILE span_start <= to_ts LOOP
        made := made + store.make_partition('ac_sample', span_start, span_start + interval '7 days')::int
                     + store.make_partition('dc_sample', span_start, span_start + interval '7 days')::int;
        span_start := span_start + interval '7 days';
      END LOOP;
      WHILE quarter_start <= to_ts LOOP
        made := made + store.make_partition('energy_15m', quarter_start,
          (quarter_start AT TIME ZONE 'UTC' + interval '3 months') AT TIME ZONE 'UTC')::int;
        quarter_start := (quarter_start AT TIME ZONE 'UTC' + interval '3 months') AT TIME ZONE 'UTC';
      END LOOP;
      RETURN made;
    END
  $$;
SELECT store.make_partitions(now() - interval '14 days', now() + interval '28 days');
-- end only

-- The windows. security_barrier keeps a leaky function in a query from seeing a row before the tenant test has passed; the scalar
-- sub-select is evaluated once and reaches the index.
CREATE VIEW api.ac_sample WITH (security_barrier) AS
  SELECT * FROM store.ac_sample WHERE user_id = (SELECT api.current_user_id());
CREATE VIEW api.dc_sample WITH (security_barrier) AS
  SELECT * FROM store.dc_sample WHERE user_id = (SELECT api.current_user_id());
CREATE VIEW api.energy_15m WITH (security_barrier) AS
  SELECT * FROM store.energy_15m WHERE user_id = (SELECT api.current_user_id());
CREATE VIEW api.counter WITH (security_barrier) AS
  SELECT user_id, inverter_id, first_good_wh, booked_wh, counter_wh, last_ts, last_live_ts, last_fresh_ts, last_received_at,
         interval_s
  FROM store.counter WHERE user_id = (SELECT api.current_user_id());
GRANT SELECT ON api.ac_sample, api.dc_sample, api.energy_15m, api.counter TO {{app}};

-- The counter rows of these inverters, made where missing, locked in one order for every writer. Nothing is locked before them.
CREATE FUNCTION api.lock_counters(user_ids int[], inverter_ids int[])
  RETURNS TABLE (user_id int, inverter_id int, fold json, first_good_wh bigint[], booked_wh bigint[], counter_wh bigint[],
                 last_ts timestamptz, last_live_ts timestamptz, last_fresh_ts timestamptz,
                 last_received_at timestamptz, interval_s int)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    BEGIN
      INSERT INTO store.counter (user_id, inverter_id)
        SELECT i.user_id, i.id FROM unnest(user_ids, inverter_ids) AS w (u, n)
        JOIN api.inverter i ON i.user_id = w.u AND i.id = w.n
        WHERE NOT EXISTS (SELECT FROM store.counter c WHERE c.user_id = i.user_id AND c.inverter_id = i.id)
        ORDER BY i.user_id, i.id
        ON CONFLICT DO NOTHING;
      RETURN QUERY
        SELECT c.user_id, c.inverter_id, c.fold, c.first_good_wh, c.booked_wh, c.counter_wh, c.last_ts, c.last_live_ts,
               c.last_fresh_ts, c.last_received_at, c.interval_s
        FROM store.counter c
        -- A deleted inverter's row lives on until the purge; it must not look like one that can still be written to.
        JOIN api.inverter i ON i.user_id = c.user_id AND i.id = c.inverter_id
        WHERE (c.user_id, c.inverter_id) IN (SELECT * FROM unnest(user_ids, inverter_ids))
        ORDER BY c.user_id, c.inverter_id
        FOR UPDATE OF c;
    END
  $$;

-- Samples, and with each new one its inputs. Answers the keys that were really new; a repeated delivery answers nothing.
CREATE FUNCTION api.append_samples(
    user_ids int[], inverter_ids int[], times timestamptz[], power int[], power_dc int[], voltage int[], voltage_l2 int[],
    voltage_l3 int[], current_l1 int[], current_l2 int[], current_l3 int[], power_l1 int[], power_l2 int[], power_l3 int[],
    frequency int[], power_factor smallint[], temperature smallint[], yield_day int[], yield_total bigint[], statuses smallint[],
    dc_rows int[], dc_channels smallint[], dc_power int[], dc_voltage int[], dc_current int[], dc_yield_day int[],
    dc_yield_total bigint[], dc_irradiation int[])
  RETURNS TABLE (row_no int)
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH given AS MATERIALIZED (
      SELECT g.* FROM unnest(user_ids, inverter_ids, times, power, power_dc, voltage, voltage_l2, voltage_l3, current_l1, current_l2,
          current_l3, power_l1, power_l2, power_l3, frequency, power_factor, temperature, yield_day, yield_total, statuses)
        WITH ORDINALITY AS g (user_id, inverter_id, ts, power, power_dc, voltage, voltage_l2, voltage_l3, current_l1, current_l2,
          current_l3, power_l1, power_l2, power_l3, frequency, power_factor, temperature, yield_day, yield_total, status, row_no)
      -- A device deleted meanwhile drops out here.
      JOIN api.inverter i ON i.user_id = g.user_id AND i.id = g.inverter_id
    ), ac AS (
      INSERT INTO store.ac_sample (user_id, inverter_id, ts, power_dw, power_dc_dw, voltage_dv, voltage_l2_dv, voltage_l3_dv,
          current_ca, current_l2_ca, current_l3_ca, power_l1_dw, power_l2_dw, power_l3_dw, frequency_chz, power_factor_pm,
          temperature_ddegc, yield_day_wh, yield_total_wh, status)
        SELECT user_id, inverter_id, ts, power, power_dc, voltage, voltage_l2, voltage_l3, current_l1, current_l2, current_l3,
          power_l1, power_l2, power_l3, frequency, power_factor, temperature, yield_day, yield_total, status
        FROM given
        ON CONFLICT DO NOTHING
        RETURNING user_id, inverter_id, ts
    ), new_rows AS MATERIALIZED (
      -- The same moment twice in one batch: the first of them is the row that went in.
      SELECT min(g.row_no)::int AS row_no, g.user_id, g.inverter_id, g.ts
      FROM ac JOIN given g USING (user_id, inverter_id, ts) GROUP BY g.user_id, g.inverter_id, g.ts
    ), dc AS (
      INSERT INTO store.dc_sample (user_id, inverter_id, channel, ts, power_dw, voltage_dv, current_ca, yield_day_wh, yield_total_wh,
          irradiation_cpct)
        SELECT n.user_id, n.inverter_id, d.channel, n.ts, d.power, d.voltage, d.current, d.yield_day, d.yield_total, d.irradiation
        FROM unnest(dc_rows, dc_channels, dc_power, dc_voltage, dc_current, dc_yield_day, dc_yield_total, dc_irradiation)
          AS d (row_no, channel, power, voltage, current, yield_day, yield_total, irradiation)
        JOIN new_rows n USING (row_no)
        ON CONFLICT DO NOTHING
    )
    SELECT n.row_no FROM new_rows n
  $$;

-- Element by element; unknown and unknown stay unknown.
CREATE FUNCTION store.add_arrays(a bigint[], b bigint[]) RETURNS bigint[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT array_agg(CASE WHEN x IS NULL THEN y WHEN y IS NULL THEN x ELSE x + y END ORDER BY n)
        FROM unnest(a, b) WITH ORDINALITY AS t (x, y, n) $$;
CREATE FUNCTION store.max_arrays(a int[], b int[]) RETURNS int[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT array_agg(greatest(x, y) ORDER BY n) FROM unnest(a, b) WITH ORDINALITY AS t (x, y, n) $$;

-- Counters as they now are, energy as it is to be added, what was noticed, and who is to be told. In the samples' transaction.
CREATE FUNCTION api.book(
    user_ids int[], inverter_ids int[], folds text[], first_good text[], booked text[], counters text[], last_times timestamptz[],
    last_live_times timestamptz[], last_fresh_times timestamptz[], received_times timestamptz[], intervals int[],
    e_user_ids int[], e_inverter_ids int[], e_times timestamptz[], e_energy text[], e_estimated text[], e_power_sum text[],
    e_power_count text[], e_power_max text[],
    events json, announcements text[])
  RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      UPDATE store.counter c
        SET fold = n.fold::json, first_good_wh = n.first_good::bigint[], booked_wh = n.booked::bigint[],
            counter_wh = n.counter::bigint[], last_ts = n.last_ts, last_live_ts = n.last_live_ts, last_fresh_ts = n.last_fresh_ts,
            last_received_at = n.received_at, interval_s = n.interval_s
        FROM unnest(user_ids, inverter_ids, folds, first_good, booked, counters, last_times, last_live_times, last_fresh_times,
            received_times, intervals)
          AS n (user_id, inverter_id, fold, first_good, booked, counter, last_ts, last_live_ts, last_fresh_ts, received_at,
                interval_s)
        WHERE c.user_id = n.user_id AND c.inverter_id = n.inverter_id;
      INSERT INTO store.energy_15m AS e (user_id, inverter_id, ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw)
        SELECT n.user_id, n.inverter_id, n.ts, n.energy::int[], n.estimated::int[], n.power_sum::bigint[], n.power_count::int[],
               n.power_max::int[]
        FROM unnest(e_user_ids, e_inverter_ids, e_times, e_energy, e_estimated, e_power_sum, e_power_count, e_power_max)
          AS n (user_id, inverter_id, ts, energy, estimated, power_sum, power_count, power_max)
        JOIN api.inverter i ON i.user_id = n.user_id AND i.id = n.inverter_id
        ON CONFLICT (user_id, inverter_id, ts) DO UPDATE
          SET energy_wh = store.add_arrays(e.energy_wh, excluded.energy_wh),
              estimated_wh = store.add_arrays(e.estimated_wh, excluded.estimated_wh),
              power_sum_dw = store.add_arrays(e.power_sum_dw, excluded.power_sum_dw),
              power_count = store.add_arrays(e.power_count, excluded.power_count),
              power_max_dw = store.max_arrays(e.power_max_dw, excluded.power_max_dw);
      IF json_array_length(events) > 0 THEN
        INSERT INTO api.quality_event (user_id, inverter_id, channel, at, kind, detail)
          SELECT i.user_id, i.id, n.channel, n.at, n.kind, coalesce(n.detail, '{}')
          FROM json_to_recordset(events)
            AS n (user_id int, inverter_id int, channel smallint, at timestamptz, kind text, detail jsonb)
          JOIN api.inverter i ON i.user_id = n.user_id AND i.id = n.inverter_id;
      END IF;
      PERFORM pg_notify('deye_hard_reading', a) FROM unnest(announcements) AS t (a);
    END
  $$;

-- What was noticed about a device outside a batch of samples (a time outside the window, a second gateway).
CREATE FUNCTION api.note_events(events json) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    INSERT INTO api.quality_event (user_id, inverter_id, channel, at, kind, detail)
      SELECT i.user_id, i.id, n.channel, n.at, n.kind, coalesce(n.detail, '{}')
      FROM json_to_recordset(events)
        AS n (user_id int, inverter_id int, channel smallint, at timestamptz, kind text, detail jsonb)
      JOIN api.inverter i ON i.user_id = n.user_id AND i.id = n.inverter_id
  $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api, store FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.lock_counters(int[], int[]),
  api.append_samples(int[], int[], timestamptz[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[],
    smallint[], smallint[], int[], bigint[], smallint[], int[], smallint[], int[], int[], int[], int[], bigint[], int[]),
  api.book(int[], int[], text[], text[], text[], text[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], int[], int[], int[],
    timestamptz[], text[], text[], text[], text[], text[], json, text[]),
  api.note_events(json) TO {{ingest}};

-- migrate:down
DROP FUNCTION api.note_events(json),
  api.book(int[], int[], text[], text[], text[], text[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], int[], int[], int[],
    timestamptz[], text[], text[], text[], text[], text[], json, text[]),
  api.append_samples(int[], int[], timestamptz[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[],
    smallint[], smallint[], int[], bigint[], smallint[], int[], smallint[], int[], int[], int[], int[], bigint[], int[]),
  api.lock_counters(int[], int[]), store.add_arrays(bigint[], bigint[]), store.max_arrays(int[], int[]);
DROP VIEW api.counter, api.energy_15m, api.dc_sample, api.ac_sample;
-- One by one: TimescaleDB drops a hypertable only by itself.
DROP TABLE store.energy_15m;
DROP TABLE store.counter;
DROP TABLE store.dc_sample;
DROP TABLE store.ac_sample;
-- only:plain
DROP FUNCTION store.make_partitions(timestamptz, timestamptz), store.make_partition(text, timestamptz, timestamptz);
-- end only
