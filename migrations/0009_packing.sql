-- Packing in use: weeks packed and dropped, late samples joined with packed days, views over hot and packed, retention.
--
-- Who queries a view of samples over a range adds the same range of `day` (UTC) to that of `ts`: only by it are packed rows found.
-- The column exists on both engines, so that there is one SQL for both.

-- migrate:up
-- only:plain
CREATE FUNCTION store.partition_name(of_kind text, week timestamptz) RETURNS text
  LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT format('%s_sample_p%s', of_kind, to_char(week AT TIME ZONE 'UTC', 'YYYYMMDD')) $$;

-- The weeks that have a partition of ac or dc samples and ended by `before`, oldest first.
CREATE FUNCTION store.weeks_before(before timestamptz) RETURNS SETOF timestamptz
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT DISTINCT week FROM (
      SELECT to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC' AS week
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent IN (to_regclass('store.ac_sample'), to_regclass('store.dc_sample')) AND c.relname ~ '_p[0-9]{8}$'
    ) w WHERE week + interval '168 hours' <= before ORDER BY week
  $$;

-- Packs one week and drops its partitions. Readers and writers go on meanwhile; they are locked out only for the end, when nothing may
-- have come since the packing read it (else 40001: to be tried again). Samples are never updated, and what deletes them waits, so that
-- the same count means the same samples. Answers the number of packed ac samples.
-- Set lock_timeout before: whoever waits for that last lock makes everybody else wait behind.
CREATE FUNCTION store.pack_week(week timestamptz) RETURNS bigint
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      week_end timestamptz := week + interval '168 hours';
      kind text;
      parts text[] := '{}';
      counts bigint[] := '{}';
      found bigint;
    BEGIN
      LOCK TABLE store.packing IN SHARE UPDATE EXCLUSIVE MODE;
      FOREACH kind IN ARRAY ARRAY['ac', 'dc'] LOOP
        CONTINUE WHEN to_regclass(format('store.%I', store.partition_name(kind, week))) IS NULL;
        parts := parts || store.partition_name(kind, week);
        EXECUTE format('SELECT count(*) FROM store.%I', parts[cardinality(parts)]) INTO found;
        counts := counts || found;
        PERFORM store.pack(kind, parts[cardinality(parts)], NULL, NULL, week, week_end);
      END LOOP;
      LOCK TABLE ONLY store.ac_sample, ONLY store.dc_sample IN ACCESS EXCLUSIVE MODE;
      FOR n IN 1 .. cardinality(parts) LOOP
        EXECUTE format('SELECT count(*) FROM store.%I', parts[n]) INTO found;
        IF found <> counts[n] THEN
          RAISE EXCEPTION 'samples of the week of % came while it was packed', week USING ERRCODE = 'serialization_failure';
        END IF;
        EXECUTE format('DROP TABLE store.%I', parts[n]);
      END LOOP;
      UPDATE store.packing SET packed_before = greatest(packed_before, week_end);
      RETURN CASE WHEN parts[1] LIKE 'ac%' THEN counts[1] ELSE 0 END;
    END
  $$;

-- From now on samples before `mark` (a midnight UTC) are late. Only for times whose weeks have no partitions any more.
CREATE FUNCTION store.advance_packing(mark timestamptz) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      IF (SELECT packed_before < mark FROM store.packing) THEN
        LOCK TABLE ONLY store.ac_sample, ONLY store.dc_sample IN SHARE ROW EXCLUSIVE MODE;
        UPDATE store.packing SET packed_before = greatest(packed_before, mark);
      END IF;
    END
  $$;

-- Inverters of which late samples wait in a default partition.
CREATE FUNCTION store.late_inverters() RETURNS TABLE (user_id int, inverter_id int)
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT a.user_id, a.inverter_id FROM store.ac_sample_default a, store.packing p WHERE a.ts < p.packed_before
    UNION SELECT d.user_id, d.inverter_id FROM store.dc_sample_default d, store.packing p WHERE d.ts < p.packed_before
    ORDER BY 1, 2
  $$;

-- Joins late samples of one inverter with its packed days, four weeks at a time, oldest first; answers how many, 0 when none are left.
-- Its counter row keeps the inverter's own writers out (they look for duplicates before they insert), the lock on the default
-- partitions everybody else who would insert what is about to be deleted.
CREATE FUNCTION store.merge_late(of_user int, of_inverter int) RETURNS bigint
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      from_ts timestamptz;
      to_ts timestamptz;
      merged bigint := 0;
      gone bigint;
      kind text;
    BEGIN
      LOCK TABLE store.packing IN SHARE UPDATE EXCLUSIVE MODE;
      PERFORM FROM store.counter WHERE user_id = of_user AND inverter_id = of_inverter FOR UPDATE;
      LOCK TABLE store.ac_sample_default, store.dc_sample_default IN SHARE ROW EXCLUSIVE MODE;
      SELECT date_trunc('day', least(
          (SELECT min(ts) FROM store.ac_sample_default WHERE user_id = of_user AND inverter_id = of_inverter),
          (SELECT min(ts) FROM store.dc_sample_default WHERE user_id = of_user AND inverter_id = of_inverter)), 'UTC') INTO from_ts;
      SELECT least(packed_before, from_ts + interval '672 hours') INTO to_ts FROM store.packing;
      IF from_ts IS NULL OR from_ts >= to_ts THEN RETURN 0; END IF;
      FOREACH kind IN ARRAY ARRAY['ac', 'dc'] LOOP
        PERFORM store.pack(kind, kind || '_sample_default', of_user, of_inverter, from_ts, to_ts);
        EXECUTE format('DELETE FROM store.%I WHERE user_id = $1 AND inverter_id = $2 AND ts >= $3 AND ts < $4', kind || '_sample_default')
          USING of_user, of_inverter, from_ts, to_ts;
        GET DIAGNOSTICS gone = ROW_COUNT;
        merged := merged + gone;
      END LOOP;
      RETURN merged;
    END
  $$;

-- Removes the days before `cutoff`, packed or not; answers how many packed days and partitions that were. Set lock_timeout before.
CREATE FUNCTION store.drop_samples(cutoff timestamptz) RETURNS TABLE (packed_days bigint, partitions bigint)
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      midnight timestamptz := date_trunc('day', cutoff, 'UTC');
      week timestamptz;
      kind text;
      gone bigint;
    BEGIN
      LOCK TABLE store.packing IN SHARE UPDATE EXCLUSIVE MODE;
      packed_days := 0;
      partitions := 0;
      FOREACH kind IN ARRAY ARRAY['ac', 'dc'] LOOP
        EXECUTE format($q$DELETE FROM store.%I WHERE day < ($1 AT TIME ZONE 'UTC')::date$q$, kind || '_packed') USING midnight;
        GET DIAGNOSTICS gone = ROW_COUNT;
        packed_days := packed_days + gone;
        EXECUTE format('DELETE FROM store.%I WHERE ts < $1', kind || '_sample_default') USING midnight;
      END LOOP;
      FOR week IN SELECT * FROM store.weeks_before(midnight) LOOP
        LOCK TABLE ONLY store.ac_sample, ONLY store.dc_sample IN ACCESS EXCLUSIVE MODE;
        FOREACH kind IN ARRAY ARRAY['ac', 'dc'] LOOP
          EXECUTE format('DROP TABLE IF EXISTS store.%I', store.partition_name(kind, week));
          partitions := partitions + 1;
        END LOOP;
        UPDATE store.packing SET packed_before = greatest(packed_before, week + interval '168 hours');
      END LOOP;
      RETURN NEXT;
    END
  $$;

-- A late sample whose day may be packed already is looked for there first: a repeated delivery answers nothing, wherever the first one
-- lies. A new one goes to the default partition and is joined with its day within the hour (store.merge_late): repacking the day here
-- would hold up everybody's flush.
ALTER FUNCTION api.append_samples(int[], int[], timestamptz[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[],
    smallint[], smallint[], int[], bigint[], smallint[], int[], smallint[], int[], int[], int[], int[], bigint[], int[]) SET SCHEMA store;
ALTER FUNCTION store.append_samples(int[], int[], timestamptz[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[],
    smallint[], smallint[], int[], bigint[], smallint[], int[], smallint[], int[], int[], int[], int[], bigint[], int[]) RENAME TO append_hot;
REVOKE EXECUTE ON FUNCTION store.append_hot(int[], int[], timestamptz[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[],
    smallint[], smallint[], int[], bigint[], smallint[], int[], smallint[], int[], int[], int[], int[], bigint[], int[]) FROM {{ingest}};
CREATE FUNCTION api.append_samples(
    user_ids int[], inverter_ids int[], times timestamptz[], power int[], power_dc int[], voltage int[], voltage_l2 int[],
    voltage_l3 int[], current_l1 int[], current_l2 int[], current_l3 int[], power_l1 int[], power_l2 int[], power_l3 int[],
    frequency int[], power_factor smallint[], temperature smallint[], yield_day int[], yield_total bigint[], statuses smallint[],
    dc_rows int[], dc_channels smallint[], dc_power int[], dc_voltage int[], dc_current int[], dc_yield_day int[],
    dc_yield_total bigint[], dc_irradiation int[])
  RETURNS TABLE (row_no int)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      mark timestamptz;
    BEGIN
      -- Before looking at the mark: it moves, and a week becomes packed, only while nobody holds this.
      LOCK TABLE ONLY store.ac_sample, ONLY store.dc_sample IN ROW EXCLUSIVE MODE;
      SELECT packed_before INTO mark FROM store.packing;
      IF EXISTS (SELECT FROM unnest(times) AS t (ts) WHERE ts < mark) THEN
        -- Without an account a row joins no inverter and drops out.
        user_ids := (
          WITH given AS MATERIALIZED (
            SELECT g.*, (g.ts AT TIME ZONE 'UTC')::date AS day
            FROM unnest(user_ids, inverter_ids, times) WITH ORDINALITY AS g (user_id, inverter_id, ts, n)
          ), known AS MATERIALIZED (
            SELECT u.user_id, u.inverter_id, u.ts
            FROM (SELECT DISTINCT g.user_id, g.inverter_id, g.day FROM given g WHERE g.ts < mark) d
            JOIN store.ac_unpacked u USING (user_id, inverter_id, day)
          )
          SELECT array_agg(CASE WHEN k.ts IS NULL THEN g.user_id END ORDER BY g.n)
          FROM given g LEFT JOIN known k USING (user_id, inverter_id, ts));
      END IF;
      RETURN QUERY SELECT h.row_no FROM store.append_hot(user_ids, inverter_ids, times, power, power_dc, voltage, voltage_l2,
        voltage_l3, current_l1, current_l2, current_l3, power_l1, power_l2, power_l3, frequency, power_factor, temperature, yield_day,
        yield_total, statuses, dc_rows, dc_channels, dc_power, dc_voltage, dc_current, dc_yield_day, dc_yield_total,
        dc_irradiation) h;
    END
  $$;
GRANT EXECUTE ON FUNCTION api.append_samples(int[], int[], timestamptz[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[],
    smallint[], smallint[], int[], bigint[], smallint[], int[], smallint[], int[], int[], int[], int[], bigint[], int[]) TO {{ingest}};

CREATE VIEW store.ac_all AS
  SELECT *, (ts AT TIME ZONE 'UTC')::date AS day FROM store.ac_sample UNION ALL SELECT * FROM store.ac_unpacked;
CREATE VIEW store.dc_all AS
  SELECT *, (ts AT TIME ZONE 'UTC')::date AS day FROM store.dc_sample UNION ALL SELECT * FROM store.dc_unpacked;
-- end only
-- only:timescale
CREATE VIEW store.ac_all AS SELECT *, (ts AT TIME ZONE 'UTC')::date AS day FROM store.ac_sample;
CREATE VIEW store.dc_all AS SELECT *, (ts AT TIME ZONE 'UTC')::date AS day FROM store.dc_sample;
-- end only

CREATE OR REPLACE VIEW api.ac_sample WITH (security_barrier) AS
  SELECT * FROM store.ac_all WHERE user_id = (SELECT api.current_user_id());
CREATE OR REPLACE VIEW api.dc_sample WITH (security_barrier) AS
  SELECT * FROM store.dc_all WHERE user_id = (SELECT api.current_user_id());

-- All that was measured by one inverter, wherever it lies.
CREATE FUNCTION store.delete_measurements(of_user int, of_inverter int) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
-- only:plain
      LOCK TABLE store.packing IN SHARE UPDATE EXCLUSIVE MODE;
-- end only
      -- Before what the counter row guards, as every writer does.
      PERFORM FROM store.counter WHERE user_id = of_user AND inverter_id = of_inverter FOR UPDATE;
      DELETE FROM store.dc_sample WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.ac_sample WHERE user_id = of_user AND inverter_id = of_inverter;
-- only:plain
      DELETE FROM store.dc_packed WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.ac_packed WHERE user_id = of_user AND inverter_id = of_inverter;
-- end only
      DELETE FROM store.energy_15m WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.counter WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.late_sample WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.fold_day WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.raw_frame WHERE user_id = of_user AND inverter_id = of_inverter;
    END
  $$;

-- migrate:down
DROP FUNCTION store.delete_measurements(int, int);
DROP VIEW api.dc_sample, api.ac_sample;
DROP VIEW store.dc_all, store.ac_all;
CREATE VIEW api.ac_sample WITH (security_barrier) AS
  SELECT * FROM store.ac_sample WHERE user_id = (SELECT api.current_user_id());
CREATE VIEW api.dc_sample WITH (security_barrier) AS
  SELECT * FROM store.dc_sample WHERE user_id = (SELECT api.current_user_id());
GRANT SELECT ON api.ac_sample, api.dc_sample TO {{app}};

-- only:plain
DROP FUNCTION api.append_samples(int[], int[], timestamptz[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[],
    smallint[], smallint[], int[], bigint[], smallint[], int[], smallint[], int[], int[], int[], int[], bigint[], int[]);
ALTER FUNCTION store.append_hot(int[], int[], timestamptz[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[],
    smallint[], smallint[], int[], bigint[], smallint[], int[], smallint[], int[], int[], int[], int[], bigint[], int[]) RENAME TO append_samples;
ALTER FUNCTION store.append_samples(int[], int[], timestamptz[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[],
    smallint[], smallint[], int[], bigint[], smallint[], int[], smallint[], int[], int[], int[], int[], bigint[], int[]) SET SCHEMA api;
GRANT EXECUTE ON FUNCTION api.append_samples(int[], int[], timestamptz[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[], int[],
    smallint[], smallint[], int[], bigint[], smallint[], int[], smallint[], int[], int[], int[], int[], bigint[], int[]) TO {{ingest}};

-- What is packed becomes samples again, in the default partitions: the older schema cannot read it otherwise.
DO $do$
  DECLARE
    kind text;
    names text;
  BEGIN
    FOREACH kind IN ARRAY ARRAY['ac', 'dc'] LOOP
      names := store.key_columns(kind) || ', ts, ' || (SELECT string_agg(name, ', ') FROM store.measured_columns(kind));
      EXECUTE format('INSERT INTO store.%1$s_sample (%2$s) SELECT %2$s FROM store.%1$s_unpacked ON CONFLICT DO NOTHING', kind, names);
    END LOOP;
  END
$do$;
DROP FUNCTION store.drop_samples(timestamptz), store.merge_late(int, int), store.late_inverters(),
  store.advance_packing(timestamptz), store.pack_week(timestamptz), store.weeks_before(timestamptz),
  store.partition_name(text, timestamptz);
-- end only
