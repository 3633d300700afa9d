-- Inverters, the gateways that speak for them, what waits to be claimed, what was noticed, and durable work.

-- migrate:up
CREATE TABLE api.inverter (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id int NOT NULL,
  site_id int NOT NULL,
  kind text NOT NULL CHECK (kind IN ('solarman', 'opendtu', 'victron', 'other')),
  -- Normalised: trimmed, lower case. For kind solarman it is the logger's decimal number.
  serial text NOT NULL CHECK (length(serial) BETWEEN 1 AND 64),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- What the owner or the administrator said, and what the device said; the first counts.
  rated_power_w int CHECK (rated_power_w > 0),
  device_rated_power_w int CHECK (device_rated_power_w > 0),
  mppt_count smallint CHECK (mppt_count BETWEEN 1 AND 8),
  device_mppt_count smallint CHECK (device_mppt_count BETWEEN 1 AND 8),
  inverter_serial text CHECK (length(inverter_serial) <= 64),
  gateway_serial text CHECK (length(gateway_serial) <= 64),
  -- A Solarman logger that was added but not yet proven: nothing is stored for it.
  waiting boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (user_id, site_id) REFERENCES api.site (user_id, id) ON DELETE CASCADE,
  UNIQUE (user_id, id),
  UNIQUE (user_id, kind, serial)
);
-- A logger's serial proves nothing by itself: once active it belongs to one account only.
CREATE UNIQUE INDEX inverter_active_logger ON api.inverter (serial) WHERE kind = 'solarman' AND NOT waiting;
CREATE INDEX inverter_serial ON api.inverter (kind, serial);

CREATE TABLE api.channel (
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  channel smallint NOT NULL CHECK (channel BETWEEN 1 AND 8),
  -- The owner's name, and the device's; the first counts.
  name text CHECK (length(name) <= 100),
  device_name text CHECK (length(device_name) <= 100),
  peak_power_w int CHECK (peak_power_w > 0),
  PRIMARY KEY (user_id, inverter_id, channel),
  FOREIGN KEY (user_id, inverter_id) REFERENCES api.inverter (user_id, id) ON DELETE CASCADE
);

CREATE TABLE api.gateway (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id int NOT NULL REFERENCES api.user_account ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('solarman', 'opendtu', 'victron', 'other')),
  serial text NOT NULL CHECK (length(serial) BETWEEN 1 AND 64),
  facts jsonb NOT NULL DEFAULT '{}',
  first_seen_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  last_address text,
  UNIQUE (user_id, kind, serial)
);

-- Serials that arrived under an account's key but are not registered there.
CREATE TABLE api.pending_device (
  user_id int NOT NULL REFERENCES api.user_account ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('solarman', 'opendtu', 'victron', 'other')),
  serial text NOT NULL CHECK (length(serial) BETWEEN 1 AND 64),
  name text CHECK (length(name) <= 100),
  gateway_serial text CHECK (length(gateway_serial) <= 64),
  first_seen_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, kind, serial)
);

-- Loggers nobody has claimed: that they were here, and nothing else. No tenant, hence no application right on it.
CREATE TABLE store.unclaimed_logger (
  serial text PRIMARY KEY CHECK (length(serial) BETWEEN 1 AND 64),
  first_seen_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  last_address text
);

CREATE TABLE api.quality_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  channel smallint,
  at timestamptz NOT NULL,
  kind text NOT NULL CHECK (kind IN ('gap', 'quarantined', 'rebased', 'clock_unset', 'late', 'recomputed', 'outside_window',
                                     'two_gateways', 'new_address')),
  detail jsonb NOT NULL DEFAULT '{}',
  noted_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (user_id, inverter_id) REFERENCES api.inverter (user_id, id) ON DELETE CASCADE
);
CREATE INDEX quality_event_time ON api.quality_event (user_id, inverter_id, at DESC);

-- Durable work, taken with FOR UPDATE SKIP LOCKED by the worker.
CREATE TABLE store.job (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  user_id int,
  payload jsonb NOT NULL DEFAULT '{}',
  run_after timestamptz NOT NULL DEFAULT now(),
  attempts int NOT NULL DEFAULT 0,
  last_error text,
  done_at timestamptz
);
CREATE INDEX job_due ON store.job (run_after) WHERE done_at IS NULL;

-- The processes of this installation, so that each can report the others.
CREATE TABLE store.process (
  id uuid PRIMARY KEY,
  roles text[] NOT NULL,
  host text NOT NULL,
  started_at timestamptz NOT NULL,
  beat_at timestamptz NOT NULL
);

ALTER TABLE api.inverter ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api.channel ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api.gateway ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api.pending_device ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api.quality_event ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY owner_all ON api.inverter TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON api.channel TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON api.gateway TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON api.pending_device TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON api.quality_event TO {{owner}} USING (true) WITH CHECK (true);

CREATE POLICY tenant ON api.inverter TO {{app}}
  USING (user_id = (SELECT api.current_user_id())) WITH CHECK (user_id = (SELECT api.current_user_id()));
CREATE POLICY tenant ON api.channel TO {{app}}
  USING (user_id = (SELECT api.current_user_id())) WITH CHECK (user_id = (SELECT api.current_user_id()));
CREATE POLICY tenant ON api.gateway TO {{app}}
  USING (user_id = (SELECT api.current_user_id())) WITH CHECK (user_id = (SELECT api.current_user_id()));
CREATE POLICY tenant ON api.pending_device TO {{app}}
  USING (user_id = (SELECT api.current_user_id())) WITH CHECK (user_id = (SELECT api.current_user_id()));
CREATE POLICY tenant ON api.quality_event TO {{app}}
  USING (user_id = (SELECT api.current_user_id())) WITH CHECK (user_id = (SELECT api.current_user_id()));

GRANT SELECT ON api.inverter TO {{app}};
GRANT INSERT (user_id, site_id, kind, serial, name, waiting, rated_power_w) ON api.inverter TO {{app}};
GRANT UPDATE (name, rated_power_w, mppt_count, site_id) ON api.inverter TO {{app}};
GRANT SELECT ON api.channel TO {{app}};
GRANT UPDATE (name, peak_power_w) ON api.channel TO {{app}};
GRANT SELECT ON api.gateway TO {{app}};
GRANT SELECT, DELETE ON api.pending_device TO {{app}};
GRANT SELECT ON api.quality_event TO {{app}};

-- Who a serial belongs to: asked for every device, before any tenant is known.
GRANT SELECT ON api.inverter, api.site TO {{lookup}};
CREATE POLICY lookup_read ON api.inverter FOR SELECT TO {{lookup}} USING (true);
CREATE POLICY lookup_read ON api.site FOR SELECT TO {{lookup}} USING (true);

-- of_user NULL: over all accounts (a logger has no key); else only that account's.
CREATE FUNCTION api.resolve(wanted_kind text, of_user int, serials text[])
  RETURNS TABLE (serial text, user_id int, inverter_id int, site_id int, time_zone text, latitude double precision,
                 longitude double precision, rated_power_w int, mppt_count smallint, device_rated_power_w int,
                 device_mppt_count smallint, inverter_serial text, gateway_serial text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT i.serial, i.user_id, i.id, i.site_id, s.time_zone, s.latitude, s.longitude, i.rated_power_w, i.mppt_count,
           i.device_rated_power_w, i.device_mppt_count, i.inverter_serial, i.gateway_serial
    FROM api.inverter i
    JOIN api.site s ON s.user_id = i.user_id AND s.id = i.site_id
    JOIN api.user_account u ON u.id = i.user_id
    WHERE i.kind = wanted_kind AND i.serial = ANY (serials) AND NOT i.waiting AND u.disabled_at IS NULL
      AND (of_user IS NULL OR i.user_id = of_user)
  $$;
GRANT CREATE ON SCHEMA api TO {{lookup}};
ALTER FUNCTION api.resolve(text, int, text[]) OWNER TO {{lookup}};
REVOKE CREATE ON SCHEMA api FROM {{lookup}};

-- Facts a gateway told about itself; unsaid ones are kept as they were.
CREATE FUNCTION api.note_gateway(of_user int, of_kind text, of_serial text, told jsonb, seen_at timestamptz, from_address text)
  RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    INSERT INTO api.gateway AS g (user_id, kind, serial, facts, first_seen_at, last_seen_at, last_address)
      SELECT u.id, of_kind, of_serial, told, seen_at, seen_at, from_address FROM api.user_account u WHERE u.id = of_user
      ON CONFLICT (user_id, kind, serial) DO UPDATE
        SET facts = g.facts || excluded.facts, last_seen_at = excluded.last_seen_at, last_address = excluded.last_address
  $$;

CREATE FUNCTION api.note_pending(of_user int, of_kind text, serials text[], names text[], of_gateway text, seen_at timestamptz)
  RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    INSERT INTO api.pending_device AS p (user_id, kind, serial, name, gateway_serial, first_seen_at, last_seen_at)
      SELECT DISTINCT ON (d.serial) u.id, of_kind, d.serial, d.name, of_gateway, seen_at, seen_at
      FROM api.user_account u, unnest(serials, names) AS d (serial, name)
      WHERE u.id = of_user
        -- Bounded: a key that invents serials cannot fill the table.
        AND (SELECT count(*) FROM api.pending_device q WHERE q.user_id = of_user) < 200
      ON CONFLICT (user_id, kind, serial) DO UPDATE
        SET last_seen_at = excluded.last_seen_at, name = coalesce(excluded.name, p.name),
            gateway_serial = coalesce(excluded.gateway_serial, p.gateway_serial)
  $$;

CREATE FUNCTION api.note_unclaimed(of_serial text, seen_at timestamptz, from_address text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    INSERT INTO store.unclaimed_logger AS l (serial, first_seen_at, last_seen_at, last_address)
      SELECT of_serial, seen_at, seen_at, from_address
      -- Bounded: serials cost a stranger nothing to invent.
      WHERE EXISTS (SELECT FROM store.unclaimed_logger k WHERE k.serial = of_serial)
         OR (SELECT count(*) FROM store.unclaimed_logger) < 20000
      ON CONFLICT (serial) DO UPDATE SET last_seen_at = excluded.last_seen_at, last_address = excluded.last_address
  $$;

-- What a device said about itself, learnt from its readings: rated power, inputs, serials, names of inputs.
CREATE FUNCTION api.note_device_facts(of_user int, of_inverter int, rated int, mppts int, own_serial text, via_gateway text,
                                      channels smallint[], channel_names text[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    UPDATE api.inverter i
      SET device_rated_power_w = coalesce(rated, i.device_rated_power_w),
          device_mppt_count = coalesce(mppts::smallint, i.device_mppt_count),
          inverter_serial = coalesce(own_serial, i.inverter_serial),
          gateway_serial = coalesce(via_gateway, i.gateway_serial)
      WHERE i.user_id = of_user AND i.id = of_inverter;
    INSERT INTO api.channel AS c (user_id, inverter_id, channel, device_name)
      SELECT i.user_id, i.id, d.channel, d.name
      FROM api.inverter i, unnest(channels, channel_names) AS d (channel, name)
      WHERE i.user_id = of_user AND i.id = of_inverter
      ON CONFLICT (user_id, inverter_id, channel) DO UPDATE SET device_name = coalesce(excluded.device_name, c.device_name)
  $$;

-- Removes one of the tenant's own inverters; its measurements follow by a job, out of the request.
CREATE FUNCTION api.remove_inverter(of_inverter int) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE tenant int := api.current_user_id();
    BEGIN
      DELETE FROM api.inverter i WHERE i.user_id = tenant AND i.id = of_inverter;
      IF NOT FOUND THEN RETURN false; END IF;
      INSERT INTO store.job (kind, user_id, payload)
        VALUES ('purge-inverter', tenant, jsonb_build_object('inverter_id', of_inverter));
      RETURN true;
    END
  $$;

CREATE FUNCTION api.heartbeat(process_id uuid, its_roles text[], its_host text, its_start timestamptz) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    INSERT INTO store.process (id, roles, host, started_at, beat_at) VALUES (process_id, its_roles, its_host, its_start, now())
      ON CONFLICT (id) DO UPDATE SET beat_at = now();
    DELETE FROM store.process WHERE beat_at < now() - interval '1 day';
  $$;

CREATE FUNCTION api.process_gone(process_id uuid) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ DELETE FROM store.process WHERE id = process_id $$;

CREATE FUNCTION api.processes() RETURNS TABLE (id uuid, roles text[], host text, started_at timestamptz, beat_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT p.id, p.roles, p.host, p.started_at, p.beat_at FROM store.process p WHERE p.beat_at > now() - interval '5 minutes' $$;

-- Whoever caches an answer of api.resolve is told when it may have changed.
CREATE FUNCTION store.announce_device_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      PERFORM pg_notify('deye_hard_device', json_build_object('table', TG_TABLE_NAME)::text);
      RETURN NULL;
    END
  $$;
CREATE TRIGGER announce AFTER INSERT OR DELETE OR UPDATE OF serial, waiting, site_id, rated_power_w, user_id ON api.inverter
  FOR EACH STATEMENT EXECUTE FUNCTION store.announce_device_change();
CREATE TRIGGER announce AFTER UPDATE OF time_zone, latitude, longitude ON api.site
  FOR EACH STATEMENT EXECUTE FUNCTION store.announce_device_change();
CREATE TRIGGER announce AFTER UPDATE OF disabled_at OR DELETE ON api.user_account
  FOR EACH STATEMENT EXECUTE FUNCTION store.announce_device_change();
CREATE TRIGGER announce AFTER UPDATE OF revoked_at, expires_at OR DELETE ON api.api_key
  FOR EACH STATEMENT EXECUTE FUNCTION store.announce_device_change();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api, store FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.resolve(text, int, text[]), api.note_gateway(int, text, text, jsonb, timestamptz, text),
  api.note_pending(int, text, text[], text[], text, timestamptz), api.note_unclaimed(text, timestamptz, text),
  api.note_device_facts(int, int, int, int, text, text, smallint[], text[]), api.heartbeat(uuid, text[], text, timestamptz),
  api.process_gone(uuid) TO {{ingest}};
GRANT EXECUTE ON FUNCTION api.remove_inverter(int), api.heartbeat(uuid, text[], text, timestamptz), api.process_gone(uuid),
  api.processes() TO {{app}};

-- migrate:down
DROP TRIGGER announce ON api.api_key;
DROP TRIGGER announce ON api.user_account;
DROP TRIGGER announce ON api.site;
DROP FUNCTION api.processes(), api.process_gone(uuid), api.heartbeat(uuid, text[], text, timestamptz), api.remove_inverter(int),
  api.note_device_facts(int, int, int, int, text, text, smallint[], text[]), api.note_unclaimed(text, timestamptz, text),
  api.note_pending(int, text, text[], text[], text, timestamptz), api.note_gateway(int, text, text, jsonb, timestamptz, text),
  api.resolve(text, int, text[]);
DROP POLICY lookup_read ON api.site;
REVOKE SELECT ON api.site FROM {{lookup}};
DROP TABLE store.process, store.job, api.quality_event, store.unclaimed_logger, api.pending_device, api.gateway, api.channel,
  api.inverter;
DROP FUNCTION store.announce_device_change();
