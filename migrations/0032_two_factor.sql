-- A second factor: time-based codes (RFC 6238), and recovery codes for whoever lost the device that makes them.

-- migrate:up
CREATE TABLE store.two_factor (
  user_id int PRIMARY KEY REFERENCES api.user_account ON DELETE CASCADE,
  -- Encrypted with ENCRYPTION_KEY.
  seed text NOT NULL,
  created_at timestamptz NOT NULL,
  -- NULL: begun, and not yet demanded.
  confirmed_at timestamptz,
  -- The time step of the last code that was accepted: none is accepted twice (RFC 6238 §5.2).
  last_step bigint NOT NULL DEFAULT 0
);

-- Only hashes; each works once.
CREATE TABLE store.recovery_code (
  user_id int NOT NULL REFERENCES store.two_factor ON DELETE CASCADE,
  code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
  PRIMARY KEY (user_id, code_hash)
);

-- All of these are about the tenant, whose id is never an argument.
CREATE FUNCTION api.two_factor() RETURNS TABLE (seed text, is_on boolean, recovery_codes int)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT f.seed, f.confirmed_at IS NOT NULL, (SELECT count(*)::int FROM store.recovery_code c WHERE c.user_id = f.user_id)
    FROM store.two_factor f WHERE f.user_id = api.current_user_id()
  $$;

CREATE FUNCTION api.begin_two_factor(sealed_seed text, at timestamptz) RETURNS boolean
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH begun AS (
      INSERT INTO store.two_factor AS f (user_id, seed, created_at) VALUES (api.current_user_id(), sealed_seed, at)
        ON CONFLICT (user_id) DO UPDATE SET seed = excluded.seed, created_at = excluded.created_at, last_step = 0
          WHERE f.confirmed_at IS NULL
        RETURNING f.user_id)
    SELECT EXISTS (SELECT FROM begun)
  $$;

-- From now on a code is demanded. Whoever is signed in elsewhere did not show one.
CREATE FUNCTION api.confirm_two_factor(step bigint, code_hashes bytea[], but_session uuid, at timestamptz, from_address text)
  RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE tenant int := api.current_user_id();
    BEGIN
      UPDATE store.two_factor f SET confirmed_at = at, last_step = step WHERE f.user_id = tenant AND f.confirmed_at IS NULL;
      IF NOT FOUND THEN RETURN false; END IF;
      INSERT INTO store.recovery_code (user_id, code_hash) SELECT tenant, unnest(code_hashes);
      UPDATE api.session s SET ended_at = at WHERE s.user_id = tenant AND s.ended_at IS NULL AND s.id IS DISTINCT FROM but_session;
      INSERT INTO api.audit_log (at, actor_id, user_id, action, address) VALUES (at, tenant, tenant, 'two-factor.on', from_address);
      RETURN true;
    END
  $$;

-- Takes a code's time step, which no later code may be of; false when it was taken before.
CREATE FUNCTION api.take_two_factor_step(step bigint) RETURNS boolean
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH taken AS (UPDATE store.two_factor f SET last_step = step
                   WHERE f.user_id = api.current_user_id() AND f.last_step < step RETURNING f.user_id)
    SELECT EXISTS (SELECT FROM taken)
  $$;

CREATE FUNCTION api.take_recovery_code(hash bytea, at timestamptz, from_address text) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE tenant int := api.current_user_id();
    BEGIN
      DELETE FROM store.recovery_code c WHERE c.user_id = tenant AND c.code_hash = hash;
      IF NOT FOUND THEN RETURN false; END IF;
      INSERT INTO api.audit_log (at, actor_id, user_id, action, address)
        VALUES (at, tenant, tenant, 'two-factor.recovery-code', from_address);
      RETURN true;
    END
  $$;

CREATE FUNCTION api.replace_recovery_codes(code_hashes bytea[], at timestamptz, from_address text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE tenant int := api.current_user_id();
    BEGIN
      DELETE FROM store.recovery_code c WHERE c.user_id = tenant;
      INSERT INTO store.recovery_code (user_id, code_hash)
        SELECT f.user_id, h FROM store.two_factor f, unnest(code_hashes) h WHERE f.user_id = tenant AND f.confirmed_at IS NOT NULL;
      INSERT INTO api.audit_log (at, actor_id, user_id, action, address)
        VALUES (at, tenant, tenant, 'two-factor.new-codes', from_address);
    END
  $$;

CREATE FUNCTION api.remove_two_factor(at timestamptz, from_address text) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE tenant int := api.current_user_id();
    BEGIN
      DELETE FROM store.two_factor f WHERE f.user_id = tenant;
      IF NOT FOUND THEN RETURN false; END IF;
      INSERT INTO api.audit_log (at, actor_id, user_id, action, address) VALUES (at, tenant, tenant, 'two-factor.off', from_address);
      RETURN true;
    END
  $$;

REVOKE ALL ON FUNCTION api.two_factor(), api.begin_two_factor(text, timestamptz),
  api.confirm_two_factor(bigint, bytea[], uuid, timestamptz, text), api.take_two_factor_step(bigint),
  api.take_recovery_code(bytea, timestamptz, text), api.replace_recovery_codes(bytea[], timestamptz, text),
  api.remove_two_factor(timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.two_factor(), api.begin_two_factor(text, timestamptz),
  api.confirm_two_factor(bigint, bytea[], uuid, timestamptz, text), api.take_two_factor_step(bigint),
  api.take_recovery_code(bytea, timestamptz, text), api.replace_recovery_codes(bytea[], timestamptz, text),
  api.remove_two_factor(timestamptz, text) TO {{app}};

-- migrate:down
DROP FUNCTION api.remove_two_factor(timestamptz, text), api.replace_recovery_codes(bytea[], timestamptz, text),
  api.take_recovery_code(bytea, timestamptz, text), api.take_two_factor_step(bigint),
  api.confirm_two_factor(bigint, bytea[], uuid, timestamptz, text), api.begin_two_factor(text, timestamptz), api.two_factor();
DROP TABLE store.recovery_code, store.two_factor;
