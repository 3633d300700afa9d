-- A microinverter's logger is powered on by the sun: a restart that was announced before it came back from hours of silence proves
-- nothing, for whoever waited for the dawn would have shown the same.

-- migrate:up
-- When it was here again after more than two hours.
ALTER TABLE store.unclaimed_logger ADD COLUMN returned_at timestamptz;

CREATE OR REPLACE FUNCTION api.note_unclaimed(of_serial text, seen_at timestamptz, from_address text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    INSERT INTO store.unclaimed_logger AS l (serial, first_seen_at, last_seen_at, last_address)
      SELECT of_serial, seen_at, seen_at, from_address
      -- Bounded: serials cost a stranger nothing to invent.
      WHERE EXISTS (SELECT FROM store.unclaimed_logger k WHERE k.serial = of_serial)
         OR (SELECT count(*) FROM store.unclaimed_logger) < 20000
      ON CONFLICT (serial) DO UPDATE
        SET last_seen_at = excluded.last_seen_at, last_address = excluded.last_address,
            returned_at = CASE WHEN excluded.last_seen_at > l.last_seen_at + interval '2 hours' THEN excluded.last_seen_at
                               ELSE l.returned_at END
  $$;

-- When a logger that is nobody's was here last, and when it came back from a silence. No row: it was never here.
CREATE FUNCTION api.unclaimed_seen(of_serial text) RETURNS TABLE (last_seen_at timestamptz, returned_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT l.last_seen_at, l.returned_at FROM store.unclaimed_logger l WHERE l.serial = of_serial $$;

-- An announcement that its return has overtaken counts no more, and can be made again.
CREATE OR REPLACE FUNCTION api.claim_state(of_inverter int)
  RETURNS TABLE (restart_asked_at timestamptz, released boolean, is_taken boolean, has_rivals boolean, last_seen_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT CASE WHEN l.returned_at >= c.restart_asks[cardinality(c.restart_asks)] THEN NULL
                ELSE c.restart_asks[cardinality(c.restart_asks)] END, c.released_at IS NOT NULL,
           EXISTS (SELECT FROM api.inverter o WHERE o.kind = i.kind AND o.serial = i.serial AND NOT o.waiting),
           EXISTS (SELECT FROM api.inverter o WHERE o.kind = i.kind AND o.serial = i.serial AND o.waiting AND o.user_id <> i.user_id),
           l.last_seen_at
    FROM api.inverter i
    LEFT JOIN api.claim c ON c.user_id = i.user_id AND c.inverter_id = i.id
    LEFT JOIN store.unclaimed_logger l ON l.serial = i.serial
    WHERE i.user_id = api.current_user_id() AND i.id = of_inverter AND i.kind = 'solarman' AND i.waiting
  $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.unclaimed_seen(text) TO {{ingest}};

-- migrate:down
CREATE OR REPLACE FUNCTION api.claim_state(of_inverter int)
  RETURNS TABLE (restart_asked_at timestamptz, released boolean, is_taken boolean, has_rivals boolean, last_seen_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT c.restart_asks[cardinality(c.restart_asks)], c.released_at IS NOT NULL,
           EXISTS (SELECT FROM api.inverter o WHERE o.kind = i.kind AND o.serial = i.serial AND NOT o.waiting),
           EXISTS (SELECT FROM api.inverter o WHERE o.kind = i.kind AND o.serial = i.serial AND o.waiting AND o.user_id <> i.user_id),
           l.last_seen_at
    FROM api.inverter i
    LEFT JOIN api.claim c ON c.user_id = i.user_id AND c.inverter_id = i.id
    LEFT JOIN store.unclaimed_logger l ON l.serial = i.serial
    WHERE i.user_id = api.current_user_id() AND i.id = of_inverter AND i.kind = 'solarman' AND i.waiting
  $$;
DROP FUNCTION api.unclaimed_seen(text);
CREATE OR REPLACE FUNCTION api.note_unclaimed(of_serial text, seen_at timestamptz, from_address text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    INSERT INTO store.unclaimed_logger AS l (serial, first_seen_at, last_seen_at, last_address)
      SELECT of_serial, seen_at, seen_at, from_address
      -- Bounded: serials cost a stranger nothing to invent.
      WHERE EXISTS (SELECT FROM store.unclaimed_logger k WHERE k.serial = of_serial)
         OR (SELECT count(*) FROM store.unclaimed_logger) < 20000
      ON CONFLICT (serial) DO UPDATE SET last_seen_at = excluded.last_seen_at, last_address = excluded.last_address
  $$;
ALTER TABLE store.unclaimed_logger DROP COLUMN returned_at;
