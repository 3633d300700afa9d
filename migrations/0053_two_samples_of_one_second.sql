-- A device's clock may tell one second twice: it was set back, or two samples were dated by two different reckonings. Whether a sample
-- of a second that is taken repeats what is there, and which seconds after it are taken, is asked here. No value leaves.

-- migrate:up
-- What is there from each given moment on, for `for_s` seconds: when, and whether it says the same. A value that one of the two lacks
-- tells nothing; the status, which says how a sample came and not what it says, is not compared.
CREATE FUNCTION api.samples_from(
    for_s int, user_ids int[], inverter_ids int[], times timestamptz[], power int[], power_dc int[], voltage int[], voltage_l2 int[],
    voltage_l3 int[], current_l1 int[], current_l2 int[], current_l3 int[], power_l1 int[], power_l2 int[], power_l3 int[],
    frequency int[], power_factor smallint[], temperature smallint[], yield_day int[], yield_total bigint[])
  RETURNS TABLE (row_no int, ts timestamptz, is_same boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH given AS MATERIALIZED (
      SELECT g.*, g.from_ts + make_interval(secs => for_s) AS to_ts
      FROM unnest(user_ids, inverter_ids, times, power, power_dc, voltage, voltage_l2, voltage_l3, current_l1, current_l2, current_l3,
          power_l1, power_l2, power_l3, frequency, power_factor, temperature, yield_day, yield_total)
        WITH ORDINALITY AS g (u, i, from_ts, power, power_dc, voltage, voltage_l2, voltage_l3, current_l1, current_l2, current_l3,
          power_l1, power_l2, power_l3, frequency, power_factor, temperature, yield_day, yield_total, n)
-- only:plain
    ), packed AS MATERIALIZED (
      SELECT p.* FROM (
        SELECT DISTINCT g.u AS user_id, g.i AS inverter_id, d.day FROM given g CROSS JOIN LATERAL (
          VALUES ((g.from_ts AT TIME ZONE 'UTC')::date), ((g.to_ts AT TIME ZONE 'UTC')::date)) AS d (day)
      ) k JOIN store.ac_unpacked p USING (user_id, inverter_id, day)
-- end only
    ), there AS (
      SELECT g.n, h.* FROM given g CROSS JOIN LATERAL (
        SELECT s.*, NULL::date AS day FROM store.ac_sample s
        WHERE s.user_id = g.u AND s.inverter_id = g.i AND s.ts >= g.from_ts AND s.ts < g.to_ts) h
-- only:plain
      UNION ALL
      SELECT g.n, p.* FROM given g JOIN packed p ON p.user_id = g.u AND p.inverter_id = g.i AND p.ts >= g.from_ts AND p.ts < g.to_ts
-- end only
    )
    SELECT g.n::int, t.ts,
      (t.power_dw = g.power) IS NOT FALSE AND (t.power_dc_dw = g.power_dc) IS NOT FALSE
      AND (t.voltage_dv = g.voltage) IS NOT FALSE AND (t.voltage_l2_dv = g.voltage_l2) IS NOT FALSE
      AND (t.voltage_l3_dv = g.voltage_l3) IS NOT FALSE AND (t.current_ca = g.current_l1) IS NOT FALSE
      AND (t.current_l2_ca = g.current_l2) IS NOT FALSE AND (t.current_l3_ca = g.current_l3) IS NOT FALSE
      AND (t.power_l1_dw = g.power_l1) IS NOT FALSE AND (t.power_l2_dw = g.power_l2) IS NOT FALSE
      AND (t.power_l3_dw = g.power_l3) IS NOT FALSE AND (t.frequency_chz = g.frequency) IS NOT FALSE
      AND (t.power_factor_pm = g.power_factor) IS NOT FALSE AND (t.temperature_ddegc = g.temperature) IS NOT FALSE
      AND (t.yield_day_wh = g.yield_day) IS NOT FALSE AND (t.yield_total_wh = g.yield_total) IS NOT FALSE
    FROM given g JOIN there t USING (n)
  $$;

-- A sample that waits for its date has, with it, the one it gets should nothing better come: a process that is killed takes what it
-- reckoned with it, and the logger may never dial again.
ALTER TABLE store.raw_frame ADD COLUMN reckoned_at timestamptz;
DROP FUNCTION api.keep_raw(int, int, timestamptz, text, text, bytea);
CREATE FUNCTION api.keep_raw(of_user int, of_inverter int, at timestamptz, of_layout text, why text, payload bytea,
                             reckoned timestamptz DEFAULT NULL) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM store.raw_frame r
      WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND (r.reason = 'undated') = (why = 'undated')
        AND r.id <= (SELECT k.id FROM store.raw_frame k
                     WHERE k.user_id = of_user AND k.inverter_id = of_inverter AND (k.reason = 'undated') = (why = 'undated')
                     ORDER BY k.id DESC OFFSET CASE why WHEN 'undated' THEN 399 ELSE 49 END LIMIT 1);
    INSERT INTO store.raw_frame (user_id, inverter_id, received_at, layout, reason, bytes, reckoned_at)
      SELECT i.user_id, i.id, at, of_layout, why, payload, reckoned FROM api.inverter i
      WHERE i.user_id = of_user AND i.id = of_inverter
        AND NOT EXISTS (SELECT FROM store.raw_frame r
                        WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.bytes = payload);
  $$;
DROP FUNCTION api.held_frames(int, int);
CREATE FUNCTION api.held_frames(of_user int, of_inverter int)
  RETURNS TABLE (id bigint, received_at timestamptz, layout text, bytes bytea, reckoned_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT r.id, r.received_at, r.layout, r.bytes, r.reckoned_at FROM store.raw_frame r
    WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.reason = 'undated' ORDER BY r.id
  $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.keep_raw(int, int, timestamptz, text, text, bytea, timestamptz), api.held_frames(int, int),
  api.samples_from(int, int[], int[], timestamptz[], int[], int[], int[], int[], int[], int[], int[], int[], int[],
    int[], int[], int[], smallint[], smallint[], int[], bigint[]) TO {{ingest}};

-- migrate:down
DROP FUNCTION api.held_frames(int, int), api.keep_raw(int, int, timestamptz, text, text, bytea, timestamptz);
ALTER TABLE store.raw_frame DROP COLUMN reckoned_at;
CREATE FUNCTION api.keep_raw(of_user int, of_inverter int, at timestamptz, of_layout text, why text, payload bytea) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM store.raw_frame r
      WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND (r.reason = 'undated') = (why = 'undated')
        AND r.id <= (SELECT k.id FROM store.raw_frame k
                     WHERE k.user_id = of_user AND k.inverter_id = of_inverter AND (k.reason = 'undated') = (why = 'undated')
                     ORDER BY k.id DESC OFFSET CASE why WHEN 'undated' THEN 399 ELSE 49 END LIMIT 1);
    INSERT INTO store.raw_frame (user_id, inverter_id, received_at, layout, reason, bytes)
      SELECT i.user_id, i.id, at, of_layout, why, payload FROM api.inverter i
      WHERE i.user_id = of_user AND i.id = of_inverter
        AND NOT EXISTS (SELECT FROM store.raw_frame r
                        WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.bytes = payload);
  $$;
CREATE FUNCTION api.held_frames(of_user int, of_inverter int)
  RETURNS TABLE (id bigint, received_at timestamptz, layout text, bytes bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT r.id, r.received_at, r.layout, r.bytes FROM store.raw_frame r
    WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.reason = 'undated' ORDER BY r.id
  $$;
REVOKE ALL ON FUNCTION api.keep_raw(int, int, timestamptz, text, text, bytea), api.held_frames(int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.keep_raw(int, int, timestamptz, text, text, bytea), api.held_frames(int, int) TO {{ingest}};
DROP FUNCTION api.samples_from(int, int[], int[], timestamptz[], int[], int[], int[], int[], int[], int[], int[], int[], int[],
    int[], int[], int[], smallint[], smallint[], int[], bigint[]);
