-- The arrays of a quarter hour are added up in the statement that books them.

-- migrate:up
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
          -- Element by element; unknown and unknown stay unknown. In the statement itself: a function of SQL would be set up anew for each
          -- array of each row, which took half the time of a flush.
          SET (energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw) = (
            SELECT array_agg(coalesce(e.energy_wh[n] + excluded.energy_wh[n], e.energy_wh[n], excluded.energy_wh[n]) ORDER BY n),
                   array_agg(coalesce(e.estimated_wh[n] + excluded.estimated_wh[n], e.estimated_wh[n], excluded.estimated_wh[n]) ORDER BY n),
                   array_agg(coalesce(e.power_sum_dw[n] + excluded.power_sum_dw[n], e.power_sum_dw[n], excluded.power_sum_dw[n]) ORDER BY n),
                   array_agg(coalesce(e.power_count[n] + excluded.power_count[n], e.power_count[n], excluded.power_count[n]) ORDER BY n),
                   array_agg(greatest(e.power_max_dw[n], excluded.power_max_dw[n]) ORDER BY n)
            FROM generate_series(1, greatest(cardinality(e.energy_wh), cardinality(excluded.energy_wh))) AS s (n));
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

-- migrate:down
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
