-- Payloads no layout understands: kept, so that they can be shown to their owner and decoded after an upgrade.

-- migrate:up
CREATE TABLE store.raw_frame (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  received_at timestamptz NOT NULL,
  layout text NOT NULL CHECK (length(layout) <= 40),
  reason text NOT NULL CHECK (length(reason) <= 40),
  bytes bytea NOT NULL CHECK (length(bytes) <= 8192)
);
CREATE INDEX raw_frame_inverter ON store.raw_frame (user_id, inverter_id, id);

CREATE VIEW api.raw_frame WITH (security_barrier) AS
  SELECT * FROM store.raw_frame WHERE user_id = (SELECT api.current_user_id());
GRANT SELECT ON api.raw_frame TO {{app}};

-- A ring: the newest 50 of each device stay. The same payload twice (a retransmission) is kept once.
CREATE FUNCTION api.keep_raw(of_user int, of_inverter int, at timestamptz, of_layout text, why text, payload bytea) RETURNS void
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
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.keep_raw(int, int, timestamptz, text, text, bytea) TO {{ingest}};

-- migrate:down
DROP FUNCTION api.keep_raw(int, int, timestamptz, text, text, bytea);
DROP VIEW api.raw_frame;
DROP TABLE store.raw_frame;
