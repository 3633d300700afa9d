-- Frames that were understood, kept as they came for RAW_FRAME_DAYS: a decoder that has learnt better decodes them again.

-- migrate:up
CREATE TABLE store.decoded_frame (
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  -- Of the sample it said, so that a frame sent twice is kept once.
  sampled_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  layout text NOT NULL CHECK (length(layout) <= 40),
  bytes bytea NOT NULL CHECK (length(bytes) <= 8192),
  PRIMARY KEY (user_id, inverter_id, sampled_at)
);
CREATE INDEX decoded_frame_sampled ON store.decoded_frame (sampled_at);

-- Of each logger 1500 a day (UTC) at most: one a minute, and some.
CREATE FUNCTION api.keep_decoded(user_ids int[], inverter_ids int[], sampled timestamptz[], received timestamptz[], layouts text[],
                                 payloads bytea[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH given AS (
      SELECT i.user_id, i.id AS inverter_id, g.sampled_at, g.received_at, g.layout, g.bytes,
             date_trunc('day', g.sampled_at, 'UTC') AS day,
             row_number() OVER (PARTITION BY i.user_id, i.id, date_trunc('day', g.sampled_at, 'UTC') ORDER BY g.n) AS nth
      FROM unnest(user_ids, inverter_ids, sampled, received, layouts, payloads) WITH ORDINALITY
        AS g (u, i, sampled_at, received_at, layout, bytes, n)
      JOIN api.inverter i ON i.user_id = g.u AND i.id = g.i
    )
    INSERT INTO store.decoded_frame (user_id, inverter_id, sampled_at, received_at, layout, bytes)
      SELECT g.user_id, g.inverter_id, g.sampled_at, g.received_at, g.layout, g.bytes FROM given g
      WHERE g.nth + (SELECT count(*) FROM store.decoded_frame k
                     WHERE k.user_id = g.user_id AND k.inverter_id = g.inverter_id
                       AND k.sampled_at >= g.day AND k.sampled_at < g.day + interval '24 hours') <= 1500
      ON CONFLICT DO NOTHING
  $$;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.keep_decoded(int[], int[], timestamptz[], timestamptz[], text[], bytea[]) TO {{ingest}};

-- Takes samples of one inverter away, so that others can be put in their place in the same transaction. A packed day among them becomes
-- hot samples again, which the worker packs within the hour. Like every writer it holds the counter row; packing waits.
CREATE FUNCTION store.take_samples(of_user int, of_inverter int, times timestamptz[]) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
-- only:plain
    DECLARE
      mark timestamptz;
      packed_days date[];
-- end only
    BEGIN
-- only:plain
      LOCK TABLE store.packing IN SHARE UPDATE EXCLUSIVE MODE;
-- end only
      PERFORM FROM store.counter WHERE user_id = of_user AND inverter_id = of_inverter FOR UPDATE;
-- only:plain
      SELECT packed_before INTO mark FROM store.packing;
      packed_days := ARRAY(SELECT DISTINCT (t AT TIME ZONE 'UTC')::date FROM unnest(times) AS t WHERE t < mark);
      IF cardinality(packed_days) > 0 THEN
        INSERT INTO store.ac_sample (user_id, inverter_id, ts, power_dw, power_dc_dw, voltage_dv, voltage_l2_dv, voltage_l3_dv,
            current_ca, current_l2_ca, current_l3_ca, power_l1_dw, power_l2_dw, power_l3_dw, frequency_chz, power_factor_pm,
            temperature_ddegc, yield_day_wh, yield_total_wh, status)
          SELECT user_id, inverter_id, ts, power_dw, power_dc_dw, voltage_dv, voltage_l2_dv, voltage_l3_dv, current_ca, current_l2_ca,
            current_l3_ca, power_l1_dw, power_l2_dw, power_l3_dw, frequency_chz, power_factor_pm, temperature_ddegc, yield_day_wh,
            yield_total_wh, status
          FROM store.ac_unpacked u WHERE u.user_id = of_user AND u.inverter_id = of_inverter AND u.day = ANY (packed_days)
          ON CONFLICT DO NOTHING;
        INSERT INTO store.dc_sample (user_id, inverter_id, channel, ts, power_dw, voltage_dv, current_ca, yield_day_wh, yield_total_wh,
            irradiation_cpct)
          SELECT user_id, inverter_id, channel, ts, power_dw, voltage_dv, current_ca, yield_day_wh, yield_total_wh, irradiation_cpct
          FROM store.dc_unpacked u WHERE u.user_id = of_user AND u.inverter_id = of_inverter AND u.day = ANY (packed_days)
          ON CONFLICT DO NOTHING;
        DELETE FROM store.ac_packed p WHERE p.user_id = of_user AND p.inverter_id = of_inverter AND p.day = ANY (packed_days);
        DELETE FROM store.dc_packed p WHERE p.user_id = of_user AND p.inverter_id = of_inverter AND p.day = ANY (packed_days);
      END IF;
-- end only
      DELETE FROM store.ac_sample a WHERE a.user_id = of_user AND a.inverter_id = of_inverter AND a.ts = ANY (times);
      DELETE FROM store.dc_sample d WHERE d.user_id = of_user AND d.inverter_id = of_inverter AND d.ts = ANY (times);
    END
  $$;

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
      DELETE FROM store.decoded_frame WHERE user_id = of_user AND inverter_id = of_inverter;
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
      DELETE FROM store.energy_day WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.counter WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.late_sample WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.fold_day WHERE user_id = of_user AND inverter_id = of_inverter;
      DELETE FROM store.raw_frame WHERE user_id = of_user AND inverter_id = of_inverter;
    END
  $$;
DROP FUNCTION store.take_samples(int, int, timestamptz[]),
  api.keep_decoded(int[], int[], timestamptz[], timestamptz[], text[], bytea[]);
DROP TABLE store.decoded_frame;
