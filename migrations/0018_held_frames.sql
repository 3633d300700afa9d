-- Samples that wait for their date survive the process that took them: they lie among the raw frames with the reason 'undated', have a
-- ring of their own, and leave it when they are booked.

-- migrate:up
CREATE INDEX raw_frame_undated ON store.raw_frame (user_id, inverter_id, id) WHERE reason = 'undated';

-- Rings: of each device the newest 400 that wait for their date (a day at five minutes, and some), and the newest 50 of the others.
-- The same payload twice (a retransmission) is kept once.
CREATE OR REPLACE FUNCTION api.keep_raw(of_user int, of_inverter int, at timestamptz, of_layout text, why text, payload bytea) RETURNS void
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

-- The loggers that have samples waiting.
CREATE FUNCTION api.holding() RETURNS TABLE (user_id int, inverter_id int, serial text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT i.user_id, i.id, i.serial
    FROM (SELECT DISTINCT r.user_id, r.inverter_id FROM store.raw_frame r WHERE r.reason = 'undated') h
    JOIN api.inverter i ON i.user_id = h.user_id AND i.id = h.inverter_id
    WHERE i.kind = 'solarman'
  $$;

CREATE FUNCTION api.held_frames(of_user int, of_inverter int)
  RETURNS TABLE (id bigint, received_at timestamptz, layout text, bytes bytea)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT r.id, r.received_at, r.layout, r.bytes FROM store.raw_frame r
    WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.reason = 'undated' ORDER BY r.id
  $$;

-- Those that are booked go; those that nothing dates any more stay for their owner, in the other ring.
CREATE FUNCTION api.settle_frames(of_user int, of_inverter int, booked bigint[], undatable bigint[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM store.raw_frame r WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.id = ANY (booked);
    UPDATE store.raw_frame r SET reason = 'undatable'
      WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.id = ANY (undatable) AND r.reason = 'undated';
  $$;

-- The same for payloads that the session that took them dated itself.
CREATE FUNCTION api.forget_frames(of_user int, of_inverter int, payloads bytea[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM store.raw_frame r
      WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.reason IN ('undated', 'undatable') AND r.bytes = ANY (payloads)
  $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.holding(), api.held_frames(int, int), api.settle_frames(int, int, bigint[], bigint[]),
  api.forget_frames(int, int, bytea[]) TO {{ingest}};

-- migrate:down
DROP FUNCTION api.forget_frames(int, int, bytea[]), api.settle_frames(int, int, bigint[], bigint[]), api.held_frames(int, int),
  api.holding();
CREATE OR REPLACE FUNCTION api.keep_raw(of_user int, of_inverter int, at timestamptz, of_layout text, why text, payload bytea) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM store.raw_frame r
      WHERE r.user_id = of_user AND r.inverter_id = of_inverter
        AND r.id <= (SELECT k.id FROM store.raw_frame k WHERE k.user_id = of_user AND k.inverter_id = of_inverter
                     ORDER BY k.id DESC OFFSET 49 LIMIT 1);
    INSERT INTO store.raw_frame (user_id, inverter_id, received_at, layout, reason, bytes)
      SELECT i.user_id, i.id, at, of_layout, why, payload FROM api.inverter i
      WHERE i.user_id = of_user AND i.id = of_inverter
        AND NOT EXISTS (SELECT FROM store.raw_frame r
                        WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.bytes = payload);
  $$;
DROP INDEX store.raw_frame_undated;
