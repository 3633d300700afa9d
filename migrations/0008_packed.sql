-- Plain PostgreSQL: a week that has gone cold is packed into one row per inverter (and input) and UTC day, and its partition dropped.
-- This file is the format and the packing itself; 0009 puts it to use. On TimescaleDB columnstore does all this.
--
-- Each measurement becomes a smallint[] in the order of time: differences from the last value that was present. Where one of the day
-- needs more than 16 bits, elements 1 … samples are the low halves of all and samples + 1 … 2 * samples the high ones.
-- NULL stays NULL, as one bit of the array's own bitmap, and takes no part in the chain; a column without any value is NULL as a whole.

-- migrate:up
-- only:plain
CREATE TABLE store.ac_packed (
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  day date NOT NULL,
  samples int NOT NULL CHECK (samples > 0),
  -- What ts counts: whole seconds where all times of the day are, else milliseconds, with the microseconds below them in ts_us.
  tick_us int NOT NULL CHECK (tick_us IN (1000, 1000000)),
  ts smallint[] NOT NULL,
  ts_us smallint[],
  power_dw smallint[],
  power_dc_dw smallint[],
  voltage_dv smallint[],
  voltage_l2_dv smallint[],
  voltage_l3_dv smallint[],
  current_ca smallint[],
  current_l2_ca smallint[],
  current_l3_ca smallint[],
  power_l1_dw smallint[],
  power_l2_dw smallint[],
  power_l3_dw smallint[],
  frequency_chz smallint[],
  power_factor_pm smallint[],
  temperature_ddegc smallint[],
  yield_day_wh smallint[],
  yield_total_wh bigint[],
  status smallint[],
  PRIMARY KEY (user_id, inverter_id, day)
)
-- Nearly every array goes out of line anyway; with the usual 2 kB the table took 2 % more.
WITH (toast_tuple_target = 1024);
CREATE TABLE store.dc_packed (
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  channel smallint NOT NULL,
  day date NOT NULL,
  samples int NOT NULL CHECK (samples > 0),
  tick_us int NOT NULL CHECK (tick_us IN (1000, 1000000)),
  ts smallint[] NOT NULL,
  ts_us smallint[],
  power_dw smallint[],
  voltage_dv smallint[],
  current_ca smallint[],
  yield_day_wh smallint[],
  yield_total_wh bigint[],
  irradiation_cpct smallint[],
  PRIMARY KEY (user_id, inverter_id, channel, day)
) WITH (toast_tuple_target = 1024);
-- For packing and retention. Not a btree: a plan made for any range would prefer it to the key.
CREATE INDEX ac_packed_day ON store.ac_packed USING brin (day) WITH (autosummarize);
CREATE INDEX dc_packed_day ON store.dc_packed USING brin (day) WITH (autosummarize);

-- Every sample before this moment that is not packed lies in a default partition. It only moves forward, and only under a lock on the
-- sample tables that no writer can hold at the same time. Whatever moves or removes samples in bulk first locks this table in SHARE
-- UPDATE EXCLUSIVE mode, so that there is one of them at a time.
CREATE TABLE store.packing (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  packed_before timestamptz NOT NULL
);
INSERT INTO store.packing (packed_before) VALUES ('-infinity');

-- Readings in order of time to differences, as described above. Modulo 2^32, so that any int after any other can be told.
CREATE FUNCTION store.deltas(readings int[]) RETURNS smallint[]
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      -- Filled with 0, not NULL: an array that ever held a NULL keeps its bitmap, and is then searched instead of indexed.
      low smallint[] := array_fill(0::smallint, ARRAY[cardinality(readings)]);
      high smallint[] := low;
      reading int;
      before int := 0;
      delta bigint;
      n int := 0;
      is_wide boolean := false;
    BEGIN
      FOREACH reading IN ARRAY readings LOOP
        n := n + 1;
        IF reading IS NULL THEN
          low[n] := NULL;
          CONTINUE;
        END IF;
        delta := reading::bigint - before;
        before := reading;
        IF is_wide OR delta NOT BETWEEN -32768 AND 32767 THEN
          IF NOT is_wide THEN
            is_wide := true;
            -- What came before fits: its high halves are its signs.
            FOR k IN 1 .. n - 1 LOOP high[k] := coalesce(low[k] >> 15, 0); END LOOP;
          END IF;
          low[n] := ((delta + 32768) & 65535) - 32768;
          high[n] := (((delta >> 16) + 32768) & 65535) - 32768;
        ELSE
          low[n] := delta;
        END IF;
      END LOOP;
      RETURN CASE WHEN is_wide THEN low || high ELSE low END;
    END
  $$;
-- Lifetime counters are wider than int, but hardly move.
CREATE FUNCTION store.deltas(readings bigint[]) RETURNS bigint[]
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      deltas bigint[] := readings;
      reading bigint;
      before bigint := 0;
      n int := 0;
    BEGIN
      FOREACH reading IN ARRAY readings LOOP
        n := n + 1;
        CONTINUE WHEN reading IS NULL;
        deltas[n] := reading - before;
        before := reading;
      END LOOP;
      RETURN deltas;
    END
  $$;

-- The measured columns of 'ac' or 'dc', in the table's order; wide ones are those beyond int.
CREATE FUNCTION store.measured_columns(of_kind text) RETURNS TABLE (name text, type text, is_wide boolean)
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT attname, format_type(atttypid, NULL), atttypid = 'bigint'::regtype FROM pg_attribute
    WHERE attrelid = to_regclass(format('store.%I', of_kind || '_sample')) AND attnum > 0 AND NOT attisdropped
      AND attname NOT IN ('user_id', 'inverter_id', 'channel', 'ts')
    ORDER BY attnum
  $$;
CREATE FUNCTION store.key_columns(of_kind text) RETURNS text
  LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT 'user_id, inverter_id' || CASE of_kind WHEN 'dc' THEN ', channel' ELSE '' END $$;

-- store.ac_unpacked, store.dc_unpacked: packed days as the samples they are. The unpacking of a day is a LATERAL of its own, so that
-- conditions on account, inverter and day choose packed rows before anything is unpacked; one on ts alone cannot. In it `a` holds the
-- arrays decompressed once (by the slices) and `d` their elements; OFFSET 0 keeps the planner from mixing these steps, while it still
-- leaves out the columns a query does not ask for. Written by a loop because it is the same for each of 22 columns.
DO $do$
  DECLARE
    kind text;
    -- The n-th difference: both halves, or one that stands for itself.
    delta_of constant text := 'coalesce((a.%1$s[p.samples + n]::int << 16) | (a.%1$s[n]::int & 65535), a.%1$s[n]) AS %1$s';
  BEGIN
    FOREACH kind IN ARRAY ARRAY['ac', 'dc'] LOOP
      EXECUTE format(
        $sql$
          CREATE VIEW store.%1$s_unpacked AS
          SELECT %2$s, s.ts, %3$s, p.day
          FROM store.%1$s_packed p CROSS JOIN LATERAL (
            SELECT p.day::timestamp AT TIME ZONE 'UTC' + interval '1 microsecond' * ((sum(d.ts) OVER w) * p.tick_us + coalesce(d.ts_us, 0)) AS ts, %4$s
            FROM (
              SELECT n, a.ts_us[n] AS ts_us, %5$s, %6$s
              FROM (SELECT p.ts[:2 * p.samples] AS ts, p.ts_us[:p.samples] AS ts_us, %7$s OFFSET 0) a
                CROSS JOIN generate_series(1, p.samples) AS n
              OFFSET 0
            ) d
            WINDOW w AS (ORDER BY d.n ROWS UNBOUNDED PRECEDING)
          ) s
        $sql$,
        kind,
        (SELECT string_agg('p.' || key, ', ') FROM unnest(string_to_array(store.key_columns(kind), ', ')) AS key),
        (SELECT string_agg('s.' || name, ', ') FROM store.measured_columns(kind)),
        (SELECT string_agg(format(
            'CASE WHEN d.%1$s IS NOT NULL THEN ' ||
            CASE WHEN is_wide THEN 'sum(d.%1$s) OVER w' ELSE '((sum(d.%1$s) OVER w + 2147483648) & 4294967295) - 2147483648' END ||
            ' END::%2$s AS %1$s', name, type), ', ') FROM store.measured_columns(kind)),
        format(delta_of, 'ts'),
        (SELECT string_agg(format(CASE WHEN is_wide THEN 'a.%1$s[n] AS %1$s' ELSE delta_of END, name), ', ')
          FROM store.measured_columns(kind)),
        (SELECT string_agg(format('p.%1$s[:2 * p.samples] AS %1$s', name), ', ') FROM store.measured_columns(kind)));
    END LOOP;
  END
$do$;

-- What is there of a range of one kind: how many samples, and a sum over all their columns that does not depend on order.
CREATE FUNCTION store.fingerprint(of_kind text, source text, of_user int, of_inverter int, from_ts timestamptz, to_ts timestamptz)
  RETURNS TABLE (samples bigint, digest numeric)
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      RETURN QUERY EXECUTE format(
        'SELECT count(*), coalesce(sum(hash_record_extended(s, 0)), 0)
         FROM (SELECT %s, ts, %s FROM store.%I WHERE ts >= $1 AND ts < $2 %s %s) s',
        store.key_columns(of_kind), (SELECT string_agg(name, ', ') FROM store.measured_columns(of_kind)), source,
        CASE WHEN source = of_kind || '_unpacked'
          THEN $q$AND day >= ($1 AT TIME ZONE 'UTC')::date AND day < ($2 AT TIME ZONE 'UTC')::date$q$ ELSE '' END,
        CASE WHEN of_inverter IS NOT NULL THEN 'AND user_id = $3 AND inverter_id = $4' ELSE '' END)
        USING from_ts, to_ts, of_user, of_inverter;
    END
  $$;

-- Packs what lies in `source` (a partition) from from_ts to to_ts, both midnights UTC, of one inverter or, with NULL, of all; joined with
-- what is packed of these days already, which wins over a source row of the same moment. The source rows stay: to be removed by whoever
-- called, in the same transaction. Fails when what is packed afterwards is not exactly the union.
CREATE FUNCTION store.pack(of_kind text, source text, of_user int, of_inverter int, from_ts timestamptz, to_ts timestamptz) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      keys text := store.key_columns(of_kind);
      measured text;
      deltas text;
      rows_of text;
      expected record;
      packed record;
    BEGIN
      SELECT string_agg(name, ', '),
             string_agg(format('CASE WHEN count(%1$s) > 0 THEN store.deltas(array_agg(%1$s%2$s ORDER BY ts)) END', name,
               CASE WHEN is_wide THEN '' ELSE '::int' END), ', ')
        INTO measured, deltas FROM store.measured_columns(of_kind);
      rows_of := format(
        $q$(SELECT %1$s, ts, %2$s, (ts AT TIME ZONE 'UTC')::date AS day FROM store.%3$I h
            WHERE ts >= $1 AND ts < $2 %5$s
              AND NOT EXISTS (SELECT FROM store.%4$s_unpacked u WHERE (%6$s) = (%7$s) AND u.ts = h.ts
                                AND u.day >= ($1 AT TIME ZONE 'UTC')::date AND u.day < ($2 AT TIME ZONE 'UTC')::date)
            UNION ALL
            SELECT %1$s, ts, %2$s, day FROM store.%4$s_unpacked
            WHERE day >= ($1 AT TIME ZONE 'UTC')::date AND day < ($2 AT TIME ZONE 'UTC')::date %5$s)$q$,
        keys, measured, source, of_kind, CASE WHEN of_inverter IS NOT NULL THEN 'AND user_id = $3 AND inverter_id = $4' ELSE '' END,
        (SELECT string_agg('u.' || k, ', ') FROM unnest(string_to_array(keys, ', ')) AS k),
        (SELECT string_agg('h.' || k, ', ') FROM unnest(string_to_array(keys, ', ')) AS k));
      EXECUTE format('SELECT count(*) AS samples, coalesce(sum(hash_record_extended(s, 0)), 0) AS digest
                      FROM (SELECT %s, ts, %s FROM %s r) s', keys, measured, rows_of)
        INTO expected USING from_ts, to_ts, of_user, of_inverter;
      EXECUTE format(
        $q$INSERT INTO store.%1$s_packed (%2$s, day, samples, tick_us, ts, ts_us, %3$s)
           SELECT %2$s, day, count(*), CASE WHEN bool_and(us %% 1000000 = 0) THEN 1000000 ELSE 1000 END,
             store.deltas(CASE WHEN bool_and(us %% 1000000 = 0) THEN array_agg((us / 1000000)::int ORDER BY ts)
                               ELSE array_agg((us / 1000)::int ORDER BY ts) END),
             CASE WHEN bool_or(us %% 1000 <> 0) THEN array_agg((us %% 1000)::smallint ORDER BY ts) END,
             %4$s
           FROM (SELECT *, (extract(epoch FROM ts - day::timestamp AT TIME ZONE 'UTC') * 1000000)::bigint AS us FROM %5$s r) s
           GROUP BY %2$s, day
           ON CONFLICT (%2$s, day) DO UPDATE SET (samples, tick_us, ts, ts_us, %3$s) =
             (excluded.samples, excluded.tick_us, excluded.ts, excluded.ts_us, %6$s)$q$,
        of_kind, keys, measured, deltas, rows_of,
        (SELECT string_agg('excluded.' || name, ', ') FROM store.measured_columns(of_kind)))
        USING from_ts, to_ts, of_user, of_inverter;
      SELECT * INTO packed FROM store.fingerprint(of_kind, of_kind || '_unpacked', of_user, of_inverter, from_ts, to_ts);
      IF packed IS DISTINCT FROM expected THEN
        RAISE EXCEPTION 'packing %_sample from % to %: % samples went in, % come out, or their values differ',
          of_kind, from_ts, to_ts, expected.samples, packed.samples;
      END IF;
    END
  $$;

-- end only

-- migrate:down
-- only:plain
DROP FUNCTION store.pack(text, text, int, int, timestamptz, timestamptz),
  store.fingerprint(text, text, int, int, timestamptz, timestamptz);
DROP VIEW store.dc_unpacked, store.ac_unpacked;
DROP FUNCTION store.key_columns(text), store.measured_columns(text), store.deltas(bigint[]), store.deltas(int[]);
DROP TABLE store.packing, store.dc_packed, store.ac_packed;
-- end only
