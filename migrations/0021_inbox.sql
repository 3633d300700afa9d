-- The inbox: what unknown devices sent is kept for two days and booked when somebody adds them; or they are added by themselves.

-- migrate:up
-- Devices that push under one of the account's keys are added without being asked for.
ALTER TABLE api.user_account ADD COLUMN auto_add boolean NOT NULL DEFAULT false;
GRANT SELECT (auto_add), UPDATE (auto_add) ON api.user_account TO {{app}};

-- Its owner deleted it: whatever it goes on sending is shown again, but it is not added again by itself.
ALTER TABLE api.pending_device ADD COLUMN removed_at timestamptz;

CREATE TABLE api.pending_reading (
  user_id int NOT NULL,
  kind text NOT NULL,
  serial text NOT NULL,
  sampled_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  reading jsonb NOT NULL,
  PRIMARY KEY (user_id, kind, serial, sampled_at),
  FOREIGN KEY (user_id, kind, serial) REFERENCES api.pending_device (user_id, kind, serial) ON DELETE CASCADE
);
CREATE INDEX pending_reading_received ON api.pending_reading (received_at);

ALTER TABLE api.pending_reading ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON api.pending_reading TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY tenant ON api.pending_reading TO {{app}}
  USING (user_id = (SELECT api.current_user_id())) WITH CHECK (user_id = (SELECT api.current_user_id()));
GRANT SELECT ON api.pending_reading TO {{app}};

-- Keeps readings of devices that are not registered, and answers which of them are kept (now or before), by their place in the list.
-- Bounded for a device and for an account: a key that invents serials cannot fill the table.
CREATE FUNCTION api.keep_pending(of_user int, of_kind text, serials text[], times timestamptz[], readings text[], seen_at timestamptz,
                                 most_of_device int, most_of_account int)
  RETURNS TABLE (row_no int)
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH held AS MATERIALIZED (
      SELECT p.serial, count(*) AS n FROM api.pending_reading p WHERE p.user_id = of_user AND p.kind = of_kind GROUP BY p.serial
    ), free AS MATERIALIZED (
      SELECT most_of_account - count(*) AS n FROM (SELECT FROM api.pending_reading p WHERE p.user_id = of_user LIMIT most_of_account) q
    ), sent AS MATERIALIZED (
      SELECT s.no::int AS no, s.serial, s.ts, s.reading, row_number() OVER (PARTITION BY s.serial ORDER BY s.no) AS nth,
             EXISTS (SELECT FROM api.pending_reading p
                     WHERE p.user_id = of_user AND p.kind = of_kind AND p.serial = s.serial AND p.sampled_at = s.ts) AS known
      FROM unnest(serials, times, readings) WITH ORDINALITY AS s (serial, ts, reading, no)
      JOIN api.pending_device d ON d.user_id = of_user AND d.kind = of_kind AND d.serial = s.serial
    ), kept AS (
      INSERT INTO api.pending_reading (user_id, kind, serial, sampled_at, received_at, reading)
        SELECT of_user, of_kind, s.serial, s.ts, seen_at, s.reading::jsonb
        FROM sent s CROSS JOIN free f LEFT JOIN held h ON h.serial = s.serial
        WHERE NOT s.known AND s.no <= f.n AND coalesce(h.n, 0) + s.nth <= most_of_device
        ON CONFLICT DO NOTHING
        RETURNING serial, sampled_at
    )
    SELECT s.no FROM sent s WHERE s.known OR (s.serial, s.ts) IN (SELECT k.serial, k.sampled_at FROM kept k)
  $$;

-- Adds these devices where their account wants that; how many it were. What its owner deleted stays away, and so does what must be
-- proven to be one's own (a logger).
CREATE FUNCTION api.auto_add(of_user int, of_kind text, serials text[], names text[], of_gateway text, most_of_account int)
  RETURNS int
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH added AS (
      INSERT INTO api.inverter (user_id, site_id, kind, serial, name, gateway_serial)
        SELECT DISTINCT ON (d.serial) u.id, s.id, of_kind, d.serial, coalesce(nullif(btrim(d.name), ''), d.serial), of_gateway
        FROM api.user_account u
        JOIN LATERAL (SELECT t.id FROM api.site t WHERE t.user_id = u.id ORDER BY t.id LIMIT 1) s ON true
        CROSS JOIN unnest(serials, names) AS d (serial, name)
        WHERE u.id = of_user AND u.auto_add AND u.verified_at IS NOT NULL AND u.disabled_at IS NULL AND of_kind <> 'solarman'
          AND (SELECT count(*) FROM api.inverter i WHERE i.user_id = of_user) + cardinality(serials) <= most_of_account
          AND NOT EXISTS (SELECT FROM api.pending_device p WHERE p.user_id = of_user AND p.kind = of_kind AND p.serial = d.serial
                            AND p.removed_at IS NOT NULL)
        ON CONFLICT DO NOTHING
        RETURNING id, serial
    ), noted AS (
      INSERT INTO api.audit_log (actor_id, user_id, action, detail)
        SELECT of_user, of_user, 'inverter.added',
               jsonb_build_object('inverter_id', a.id, 'kind', of_kind, 'serial', a.serial, 'automatic', true) FROM added a
    )
    SELECT count(*)::int FROM added
  $$;

-- Devices that were added and whose kept readings are not booked yet. Over all accounts: the booking runs by itself.
CREATE FUNCTION api.added_pending(at_most int)
  RETURNS TABLE (user_id int, kind text, serial text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT p.user_id, p.kind, p.serial FROM api.pending_device p
    JOIN api.inverter i ON i.user_id = p.user_id AND i.kind = p.kind AND i.serial = p.serial AND NOT i.waiting
    LIMIT at_most
  $$;

-- What such a device sent before it was added, oldest first.
CREATE FUNCTION api.pending_readings(of_user int, of_kind text, of_serial text, at_most int)
  RETURNS TABLE (sampled_at timestamptz, received_at timestamptz, reading jsonb)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT r.sampled_at, r.received_at, r.reading FROM api.pending_reading r
    JOIN api.inverter i ON i.user_id = r.user_id AND i.kind = r.kind AND i.serial = r.serial AND NOT i.waiting
    WHERE r.user_id = of_user AND r.kind = of_kind AND r.serial = of_serial
    ORDER BY r.sampled_at LIMIT at_most
  $$;

-- They are booked: they are removed, and with the last of them the device leaves the inbox.
CREATE FUNCTION api.forget_pending(of_user int, of_kind text, of_serial text, times timestamptz[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM api.pending_reading r
      WHERE r.user_id = of_user AND r.kind = of_kind AND r.serial = of_serial AND r.sampled_at = ANY (times)
        AND EXISTS (SELECT FROM api.inverter i WHERE i.user_id = of_user AND i.kind = of_kind AND i.serial = of_serial);
    DELETE FROM api.pending_device p
      WHERE p.user_id = of_user AND p.kind = of_kind AND p.serial = of_serial
        AND EXISTS (SELECT FROM api.inverter i WHERE i.user_id = of_user AND i.kind = of_kind AND i.serial = of_serial)
        AND NOT EXISTS (SELECT FROM api.pending_reading r
                        WHERE r.user_id = of_user AND r.kind = of_kind AND r.serial = of_serial);
  $$;

CREATE FUNCTION store.remember_removed() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      -- A logger is claimed anew, or its account is going as a whole.
      INSERT INTO api.pending_device (user_id, kind, serial, name, gateway_serial, first_seen_at, last_seen_at, removed_at)
        SELECT u.id, OLD.kind, OLD.serial, OLD.name, OLD.gateway_serial, now(), now(), now()
        FROM api.user_account u WHERE u.id = OLD.user_id AND OLD.kind <> 'solarman'
        ON CONFLICT (user_id, kind, serial) DO UPDATE SET removed_at = excluded.removed_at;
      RETURN NULL;
    END
  $$;
CREATE TRIGGER remember_removed AFTER DELETE ON api.inverter FOR EACH ROW EXECUTE FUNCTION store.remember_removed();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api, store FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.keep_pending(int, text, text[], timestamptz[], text[], timestamptz, int, int),
  api.auto_add(int, text, text[], text[], text, int), api.added_pending(int), api.pending_readings(int, text, text, int),
  api.forget_pending(int, text, text, timestamptz[]) TO {{ingest}};

-- migrate:down
DROP TRIGGER remember_removed ON api.inverter;
DROP FUNCTION store.remember_removed(), api.forget_pending(int, text, text, timestamptz[]), api.pending_readings(int, text, text, int),
  api.added_pending(int), api.auto_add(int, text, text[], text[], text, int),
  api.keep_pending(int, text, text[], timestamptz[], text[], timestamptz, int, int);
DROP TABLE api.pending_reading;
ALTER TABLE api.pending_device DROP COLUMN removed_at;
ALTER TABLE api.user_account DROP COLUMN auto_add;
