-- Energy by local day beside that by quarter hour, so that a year is 365 rows and not 35 000. Never a second truth: the quarter hours are
-- it. What is here may be read up to store.counter.days_until only, and whoever writes quarter hours moves that back in the same
-- transaction; the worker moves it on (docs/decisions/0009-days-behind-a-boundary.md).

-- migrate:up
-- One row an inverter and local day of which anything is booked; arrays as in store.energy_15m.
CREATE TABLE store.energy_day (
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  -- The moments between which the day lies; half-open.
  ts timestamptz NOT NULL,
  end_ts timestamptz NOT NULL,
  energy_wh bigint[] NOT NULL,
  estimated_wh bigint[] NOT NULL,
  -- Of the quarter hours with a measurement.
  power_sum_dw bigint[] NOT NULL,
  power_count int[] NOT NULL,
  power_max_dw int[] NOT NULL,
  PRIMARY KEY (user_id, inverter_id, ts)
);

ALTER TABLE store.counter
  -- Days that end by then are all there, and sums of the quarter hours as they are now. NULL: none.
  ADD COLUMN days_until timestamptz,
  -- Whose midnights these days were cut at: the zone, and the edition of its rules.
  ADD COLUMN days_zone text;

CREATE VIEW api.energy_day WITH (security_barrier) AS
  SELECT * FROM store.energy_day WHERE user_id = (SELECT api.current_user_id());
GRANT SELECT ON api.energy_day TO {{app}};
CREATE OR REPLACE VIEW api.counter WITH (security_barrier) AS
  SELECT user_id, inverter_id, first_good_wh, booked_wh, counter_wh, last_ts, last_live_ts, last_fresh_ts, last_received_at,
         interval_s, days_until, days_zone,
         -- The first quarter hour of which anything is booked. Looked up in here, by its key: through the view of quarter hours all of
         -- them would be read for it.
         (SELECT min(e.ts) FROM store.energy_15m e WHERE e.user_id = c.user_id AND e.inverter_id = c.inverter_id) AS first_energy_ts
  FROM store.counter c WHERE c.user_id = (SELECT api.current_user_id());

-- As before, and the days from the oldest booked quarter hour of an inverter on are no longer what they were.
CREATE OR REPLACE FUNCTION api.book(
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
            last_received_at = n.received_at, interval_s = n.interval_s,
            -- Nearly always everything is younger, which one look tells for all.
            days_until = CASE WHEN c.days_until > (SELECT min(t.ts) FROM unnest(e_times) AS t (ts)) THEN least(c.days_until,
              (SELECT min(e.ts) FROM unnest(e_user_ids, e_inverter_ids, e_times) AS e (user_id, inverter_id, ts)
               WHERE e.user_id = c.user_id AND e.inverter_id = c.inverter_id)) ELSE c.days_until END
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
-- only:timescale
-- Forgotten by CREATE OR REPLACE (0010).
ALTER FUNCTION api.book(int[], int[], text[], text[], text[], text[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], int[], int[], int[],
    timestamptz[], text[], text[], text[], text[], text[], json, text[])
  SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0;
-- end only

CREATE OR REPLACE FUNCTION store.delete_measurements(of_user int, of_inverter int) RETURNS void
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
      DELETE FROM store.energy_day WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.counter WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.late_sample WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.fold_day WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.raw_frame WHERE user_id = of_user AND inverter_id = of_inverter;
    END
  $$;

-- migrate:down
CREATE OR REPLACE FUNCTION store.delete_measurements(of_user int, of_inverter int) RETURNS void
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

CREATE OR REPLACE FUNCTION api.book(
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
-- only:timescale
-- Forgotten by CREATE OR REPLACE (0010).
ALTER FUNCTION api.book(int[], int[], text[], text[], text[], text[], timestamptz[], timestamptz[], timestamptz[], timestamptz[], int[], int[], int[],
    timestamptz[], text[], text[], text[], text[], text[], json, text[])
  SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0;
-- end only

DROP VIEW api.counter, api.energy_day;
CREATE VIEW api.counter WITH (security_barrier) AS
  SELECT user_id, inverter_id, first_good_wh, booked_wh, counter_wh, last_ts, last_live_ts, last_fresh_ts, last_received_at,
         interval_s
  FROM store.counter WHERE user_id = (SELECT api.current_user_id());
GRANT SELECT ON api.counter TO {{app}};
ALTER TABLE store.counter DROP COLUMN days_zone, DROP COLUMN days_until;
DROP TABLE store.energy_day;
