-- Whose a logger is: what those who wait for a proof have shown of themselves, and what the server has seen of loggers.

-- migrate:up
-- About an inverter whose logger waited for a proof, or was given up.
CREATE TABLE api.claim (
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  -- When "I restart it now" was said, within a day; the last is what counts.
  restart_asks timestamptz[] NOT NULL DEFAULT '{}',
  released_at timestamptz,
  proof text CHECK (proof IN ('only_account', 'power_cycle', 'same_address', 'administrator')),
  proven_at timestamptz,
  PRIMARY KEY (user_id, inverter_id),
  FOREIGN KEY (user_id, inverter_id) REFERENCES api.inverter (user_id, id) ON DELETE CASCADE
);

-- Where an account was used from in the last hour, while a logger of it waits; nothing is noted of others.
CREATE TABLE api.visit (
  user_id int NOT NULL REFERENCES api.user_account ON DELETE CASCADE,
  address text NOT NULL CHECK (length(address) <= 64),
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, address)
);

-- Peers that began to speak TLS: loggers with a firmware that cannot be used. They tell no serial, so they belong to nobody.
CREATE TABLE store.tls_attempt (
  address text PRIMARY KEY CHECK (length(address) <= 64),
  first_seen_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL
);

ALTER TABLE api.claim ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api.visit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON api.claim TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON api.visit TO {{owner}} USING (true) WITH CHECK (true);
GRANT SELECT ON api.claim, api.visit TO {{lookup}};
CREATE POLICY lookup_read ON api.claim FOR SELECT TO {{lookup}} USING (true);
CREATE POLICY lookup_read ON api.visit FOR SELECT TO {{lookup}} USING (true);

-- Those who wait for this logger, with what they can show. Asked for each frame of a logger that is nobody's.
CREATE FUNCTION api.claims_of(of_serial text)
  RETURNS TABLE (user_id int, inverter_id int, is_only_account boolean, restart_asked_at timestamptz, released_at timestamptz,
                 addresses text[], seen_at timestamptz[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT i.user_id, i.id, (SELECT count(*) = 1 FROM (SELECT FROM api.user_account LIMIT 2) a),
           c.restart_asks[cardinality(c.restart_asks)], c.released_at, coalesce(v.addresses, '{}'), coalesce(v.seen_at, '{}')
    FROM api.inverter i
    JOIN api.user_account u ON u.id = i.user_id
    LEFT JOIN api.claim c ON c.user_id = i.user_id AND c.inverter_id = i.id
    LEFT JOIN LATERAL (SELECT array_agg(w.address) AS addresses, array_agg(w.seen_at) AS seen_at
                       FROM api.visit w WHERE w.user_id = i.user_id) v ON true
    WHERE i.kind = 'solarman' AND i.serial = of_serial AND i.waiting AND u.disabled_at IS NULL
    ORDER BY i.id
    LIMIT 100
  $$;
GRANT CREATE ON SCHEMA api TO {{lookup}};
ALTER FUNCTION api.claims_of(text) OWNER TO {{lookup}};
REVOKE CREATE ON SCHEMA api FROM {{lookup}};

-- The first proof wins: false when the inverter does not wait any more, or another account has the logger by now.
CREATE FUNCTION api.prove_claim(of_user int, of_inverter int, how text, at timestamptz, from_address text) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE its_serial text;
    BEGIN
      UPDATE api.inverter i SET waiting = false
        WHERE i.user_id = of_user AND i.id = of_inverter AND i.kind = 'solarman' AND i.waiting
        RETURNING i.serial INTO its_serial;
      IF NOT FOUND THEN RETURN false; END IF;
      INSERT INTO api.claim AS c (user_id, inverter_id, proof, proven_at) VALUES (of_user, of_inverter, how, at)
        ON CONFLICT (user_id, inverter_id) DO UPDATE
          SET proof = excluded.proof, proven_at = excluded.proven_at, restart_asks = '{}', released_at = NULL;
      INSERT INTO api.audit_log (actor_id, user_id, action, detail, address)
        VALUES (of_user, of_user, 'logger.claimed', jsonb_build_object('inverter_id', of_inverter, 'serial', its_serial, 'proof', how),
                from_address);
      DELETE FROM store.unclaimed_logger l WHERE l.serial = its_serial;
      RETURN true;
    EXCEPTION WHEN unique_violation THEN
      RETURN false;
    END
  $$;

-- "I restart it now". NULL: there is no such inverter, or it does not wait. False: said too often today, so that nobody can wait
-- with open hands for somebody else's logger to wake up in the morning.
CREATE FUNCTION api.ask_restart(of_inverter int, at timestamptz, most_a_day int) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      tenant int := api.current_user_id();
      asked timestamptz[];
    BEGIN
      PERFORM FROM api.inverter i WHERE i.user_id = tenant AND i.id = of_inverter AND i.kind = 'solarman' AND i.waiting FOR UPDATE;
      IF NOT FOUND THEN RETURN NULL; END IF;
      SELECT ARRAY(SELECT a FROM unnest(c.restart_asks) AS a WHERE a > at - interval '1 day' ORDER BY a) INTO asked
        FROM api.claim c WHERE c.user_id = tenant AND c.inverter_id = of_inverter;
      IF cardinality(asked) >= most_a_day THEN RETURN false; END IF;
      INSERT INTO api.claim AS c (user_id, inverter_id, restart_asks) VALUES (tenant, of_inverter, ARRAY[at])
        ON CONFLICT (user_id, inverter_id) DO UPDATE SET restart_asks = asked || at;
      RETURN true;
    END
  $$;

-- Its owner gives a logger up: what was measured stays, and whoever proves next has the logger.
CREATE FUNCTION api.release_logger(of_inverter int, at timestamptz) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE tenant int := api.current_user_id();
    BEGIN
      UPDATE api.inverter i SET waiting = true
        WHERE i.user_id = tenant AND i.id = of_inverter AND i.kind = 'solarman' AND NOT i.waiting;
      IF NOT FOUND THEN RETURN false; END IF;
      INSERT INTO api.claim AS c (user_id, inverter_id, released_at) VALUES (tenant, of_inverter, at)
        ON CONFLICT (user_id, inverter_id) DO UPDATE SET released_at = at, proof = NULL, proven_at = NULL, restart_asks = '{}';
      RETURN true;
    END
  $$;

-- How it stands with one of the tenant's own that waits; no row when it does not.
CREATE FUNCTION api.claim_state(of_inverter int)
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

-- Where the tenant is used from, kept only while one of its loggers is not connected yet.
CREATE FUNCTION api.note_visit(from_address text, at timestamptz) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM api.visit v WHERE v.user_id = api.current_user_id() AND v.seen_at < at - interval '1 hour';
    INSERT INTO api.visit AS v (user_id, address, seen_at)
      SELECT u.id, from_address, at FROM api.user_account u
      WHERE u.id = api.current_user_id()
        AND EXISTS (SELECT FROM api.inverter i
                    WHERE i.user_id = u.id AND i.kind = 'solarman'
                      AND (i.waiting OR NOT EXISTS (SELECT FROM api.gateway g
                                                    WHERE g.user_id = i.user_id AND g.kind = i.kind AND g.serial = i.serial)))
        AND (SELECT count(*) FROM api.visit w WHERE w.user_id = u.id) < 50
      ON CONFLICT (user_id, address) DO UPDATE SET seen_at = greatest(v.seen_at, excluded.seen_at);
  $$;

CREATE FUNCTION api.note_tls(from_address text, at timestamptz) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    INSERT INTO store.tls_attempt AS t (address, first_seen_at, last_seen_at)
      SELECT from_address, at, at
      -- Bounded: a hello costs a stranger nothing.
      WHERE EXISTS (SELECT FROM store.tls_attempt k WHERE k.address = from_address)
         OR (SELECT count(*) FROM store.tls_attempt) < 5000
      ON CONFLICT (address) DO UPDATE SET last_seen_at = greatest(t.last_seen_at, excluded.last_seen_at)
  $$;

-- The newest hello from where the tenant is used from; from anywhere, where there is only this account.
CREATE FUNCTION api.tls_nearby(since timestamptz) RETURNS TABLE (address text, last_seen_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT t.address, t.last_seen_at
    FROM store.tls_attempt t
    WHERE t.last_seen_at > since AND api.current_user_id() IS NOT NULL
      AND (EXISTS (SELECT FROM api.visit v WHERE v.user_id = api.current_user_id() AND v.address = t.address)
           OR (SELECT count(*) = 1 FROM (SELECT FROM api.user_account LIMIT 2) a))
    ORDER BY t.last_seen_at DESC
    LIMIT 1
  $$;

-- Answers the address it came from before, so that a new one is noticed.
DROP FUNCTION api.note_gateway(int, text, text, jsonb, timestamptz, text);
CREATE FUNCTION api.note_gateway(of_user int, of_kind text, of_serial text, told jsonb, seen_at timestamptz, from_address text)
  RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE before text;
    BEGIN
      SELECT g.last_address INTO before FROM api.gateway g WHERE g.user_id = of_user AND g.kind = of_kind AND g.serial = of_serial;
      INSERT INTO api.gateway AS g (user_id, kind, serial, facts, first_seen_at, last_seen_at, last_address)
        SELECT u.id, of_kind, of_serial, told, seen_at, seen_at, from_address FROM api.user_account u WHERE u.id = of_user
        ON CONFLICT (user_id, kind, serial) DO UPDATE
          SET facts = g.facts || excluded.facts, last_seen_at = greatest(g.last_seen_at, excluded.last_seen_at),
              last_address = excluded.last_address;
      RETURN before;
    END
  $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.claims_of(text), api.prove_claim(int, int, text, timestamptz, text), api.note_tls(text, timestamptz),
  api.note_gateway(int, text, text, jsonb, timestamptz, text) TO {{ingest}};
GRANT EXECUTE ON FUNCTION api.ask_restart(int, timestamptz, int), api.release_logger(int, timestamptz), api.claim_state(int),
  api.note_visit(text, timestamptz), api.tls_nearby(timestamptz) TO {{app}};

-- migrate:down
DROP FUNCTION api.note_gateway(int, text, text, jsonb, timestamptz, text);
CREATE FUNCTION api.note_gateway(of_user int, of_kind text, of_serial text, told jsonb, seen_at timestamptz, from_address text)
  RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    INSERT INTO api.gateway AS g (user_id, kind, serial, facts, first_seen_at, last_seen_at, last_address)
      SELECT u.id, of_kind, of_serial, told, seen_at, seen_at, from_address FROM api.user_account u WHERE u.id = of_user
      ON CONFLICT (user_id, kind, serial) DO UPDATE
        SET facts = g.facts || excluded.facts, last_seen_at = excluded.last_seen_at, last_address = excluded.last_address
  $$;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.note_gateway(int, text, text, jsonb, timestamptz, text) TO {{ingest}};
DROP FUNCTION api.tls_nearby(timestamptz), api.note_tls(text, timestamptz), api.note_visit(text, timestamptz), api.claim_state(int),
  api.release_logger(int, timestamptz), api.ask_restart(int, timestamptz, int), api.prove_claim(int, int, text, timestamptz, text),
  api.claims_of(text);
DROP TABLE store.tls_attempt, api.visit, api.claim;
