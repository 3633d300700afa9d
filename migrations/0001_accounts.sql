-- Accounts, sessions and keys, and the rules by which the database keeps tenants apart.
-- {{owner}}, {{lookup}}, {{app}}, {{ingest}}, {{admin}} stand for the role names of this installation; the roles themselves belong
-- to the cluster and are made outside migrations.

-- migrate:up
CREATE SCHEMA store;
CREATE SCHEMA api;
REVOKE ALL ON SCHEMA store, api FROM PUBLIC;
GRANT USAGE ON SCHEMA api TO {{lookup}}, {{app}}, {{ingest}}, {{admin}};
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE store.installation (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  engine text NOT NULL CHECK (engine IN ('plain', 'timescale')),
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO store.installation (engine) VALUES ('{{engine}}');

-- The tenant of the running transaction, or NULL. Used as a scalar sub-select, so that it is evaluated once per query.
CREATE FUNCTION api.current_user_id() RETURNS int
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.current_user_id', true), '')::int $$;
GRANT EXECUTE ON FUNCTION api.current_user_id() TO {{lookup}}, {{app}}, {{ingest}}, {{admin}};

CREATE TABLE api.user_account (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
  password_hash text NOT NULL,
  first_name text NOT NULL DEFAULT '' CHECK (length(first_name) <= 255),
  last_name text NOT NULL DEFAULT '' CHECK (length(last_name) <= 255),
  locale text CHECK (locale IN ('de', 'en')),
  is_admin boolean NOT NULL DEFAULT false,
  verified_at timestamptz,
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX user_account_email ON api.user_account (lower(email));

CREATE TABLE api.session (
  id uuid PRIMARY KEY,
  user_id int NOT NULL REFERENCES api.user_account ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  address text,
  user_agent text CHECK (length(user_agent) <= 400)
);
CREATE INDEX session_of_user ON api.session (user_id);

CREATE TABLE api.api_key (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id int NOT NULL REFERENCES api.user_account ON DELETE CASCADE,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  scope text NOT NULL CHECK (scope IN ('ingest', 'read', 'full')),
  -- SHA-256 of the key: it has 79 bits of chance, so nothing slower is needed, and a push must not cost an argon2.
  key_hash bytea NOT NULL UNIQUE CHECK (length(key_hash) = 32),
  hint text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);
CREATE INDEX api_key_of_user ON api.api_key (user_id);

CREATE TABLE api.site (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id int NOT NULL REFERENCES api.user_account ON DELETE CASCADE,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  time_zone text NOT NULL,
  latitude double precision CHECK (latitude BETWEEN -90 AND 90),
  longitude double precision CHECK (longitude BETWEEN -180 AND 180),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (user_id, id),
  CHECK ((latitude IS NULL) = (longitude IS NULL))
);

-- The one-time link to make the first account an administrator. At most one row; gone once used.
CREATE TABLE api.setup_token (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
  created_at timestamptz NOT NULL
);

CREATE TABLE api.audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  -- Who did it and whom it concerns; kept as bare numbers so that the log outlives the account.
  actor_id int,
  user_id int,
  action text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  address text
);
CREATE INDEX audit_log_at ON api.audit_log (at);

-- Row security, forced so that it binds the owner too; the owner's own policy then says what the owner may, so that a backup or a
-- data migration can never silently see nothing.
ALTER TABLE api.user_account ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api.session ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api.api_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api.site ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api.setup_token ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api.audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY owner_all ON api.user_account TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON api.session TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON api.api_key TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON api.site TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON api.setup_token TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON api.audit_log TO {{owner}} USING (true) WITH CHECK (true);

CREATE POLICY tenant ON api.user_account TO {{app}}
  USING (id = (SELECT api.current_user_id())) WITH CHECK (id = (SELECT api.current_user_id()));
CREATE POLICY tenant ON api.session TO {{app}}
  USING (user_id = (SELECT api.current_user_id())) WITH CHECK (user_id = (SELECT api.current_user_id()));
CREATE POLICY tenant ON api.api_key TO {{app}}
  USING (user_id = (SELECT api.current_user_id())) WITH CHECK (user_id = (SELECT api.current_user_id()));
CREATE POLICY tenant ON api.site TO {{app}}
  USING (user_id = (SELECT api.current_user_id())) WITH CHECK (user_id = (SELECT api.current_user_id()));
-- The application may write what its tenant did to itself, and read nothing of it.
CREATE POLICY append_only ON api.audit_log FOR INSERT TO {{app}}
  WITH CHECK (actor_id IS NOT DISTINCT FROM (SELECT api.current_user_id()) AND (user_id IS NULL OR user_id = actor_id));

GRANT SELECT (id, email, first_name, last_name, locale, is_admin, verified_at, disabled_at, created_at) ON api.user_account TO {{app}};
GRANT UPDATE (first_name, last_name, locale) ON api.user_account TO {{app}};
GRANT SELECT, INSERT ON api.session TO {{app}};
GRANT UPDATE (last_used_at, expires_at, ended_at) ON api.session TO {{app}};
GRANT SELECT (id, user_id, name, scope, hint, created_at, expires_at, revoked_at, last_used_at) ON api.api_key TO {{app}};
GRANT INSERT ON api.api_key TO {{app}};
GRANT UPDATE (name, revoked_at, last_used_at) ON api.api_key TO {{app}};
GRANT SELECT ON api.site TO {{app}};
GRANT UPDATE (name, time_zone, latitude, longitude) ON api.site TO {{app}};
GRANT INSERT (actor_id, user_id, action, detail, address) ON api.audit_log TO {{app}};

-- What must be read before a tenant is known. Owned by {{lookup}}, which may see exactly these columns and nothing else.
GRANT SELECT ON api.user_account, api.session, api.api_key, api.setup_token TO {{lookup}};
CREATE POLICY lookup_read ON api.user_account FOR SELECT TO {{lookup}} USING (true);
CREATE POLICY lookup_read ON api.session FOR SELECT TO {{lookup}} USING (true);
CREATE POLICY lookup_read ON api.api_key FOR SELECT TO {{lookup}} USING (true);
CREATE POLICY lookup_read ON api.setup_token FOR SELECT TO {{lookup}} USING (true);

CREATE FUNCTION api.auth_user(wanted_email text)
  RETURNS TABLE (id int, email text, password_hash text, first_name text, last_name text, locale text, is_admin boolean,
                 verified_at timestamptz, disabled_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT u.id, u.email, u.password_hash, u.first_name, u.last_name, u.locale, u.is_admin, u.verified_at, u.disabled_at
    FROM api.user_account u WHERE lower(u.email) = lower(wanted_email)
  $$;

CREATE FUNCTION api.auth_session(wanted_session uuid)
  RETURNS TABLE (session_id uuid, expires_at timestamptz, ended_at timestamptz, last_used_at timestamptz, id int, email text,
                 first_name text, last_name text, locale text, is_admin boolean, verified_at timestamptz, disabled_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT s.id, s.expires_at, s.ended_at, s.last_used_at, u.id, u.email, u.first_name, u.last_name, u.locale, u.is_admin,
           u.verified_at, u.disabled_at
    FROM api.session s JOIN api.user_account u ON u.id = s.user_id WHERE s.id = wanted_session
  $$;

CREATE FUNCTION api.auth_key(wanted_hash bytea)
  RETURNS TABLE (key_id int, scope text, expires_at timestamptz, revoked_at timestamptz, id int, email text, first_name text,
                 last_name text, locale text, is_admin boolean, verified_at timestamptz, disabled_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT k.id, k.scope, k.expires_at, k.revoked_at, u.id, u.email, u.first_name, u.last_name, u.locale, u.is_admin, u.verified_at,
           u.disabled_at
    FROM api.api_key k JOIN api.user_account u ON u.id = k.user_id WHERE k.key_hash = wanted_hash
  $$;

CREATE FUNCTION api.is_setup_token(wanted_hash bytea) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT EXISTS (SELECT FROM api.setup_token t WHERE t.token_hash = wanted_hash)
       AND NOT EXISTS (SELECT FROM api.user_account u WHERE u.is_admin)
  $$;

-- Being alone on the server is a proof that a logger is one's own.
CREATE FUNCTION api.is_only_account() RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT count(*) = 1 FROM (SELECT FROM api.user_account LIMIT 2) u $$;

-- One account with its first site. Used by the definer functions below and by the owner's command line.
CREATE FUNCTION api.insert_account(
    new_email text, new_hash text, new_first_name text, new_last_name text, admin boolean, verified boolean, zone text)
  RETURNS int
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE new_id int;
    BEGIN
      INSERT INTO api.user_account (email, password_hash, first_name, last_name, is_admin, verified_at)
        VALUES (new_email, new_hash, new_first_name, new_last_name, admin, CASE WHEN verified THEN now() END)
        RETURNING id INTO new_id;
      INSERT INTO api.site (user_id, name, time_zone) VALUES (new_id, 'Zuhause', zone);
      RETURN new_id;
    END
  $$;

-- The first administrator: the link is used up in the same transaction, and never works once there is an administrator.
CREATE FUNCTION api.create_first_admin(
    wanted_hash bytea, new_email text, new_hash text, new_first_name text, new_last_name text, zone text)
  RETURNS int
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      DELETE FROM api.setup_token t WHERE t.token_hash = wanted_hash;
      IF NOT FOUND OR EXISTS (SELECT FROM api.user_account u WHERE u.is_admin) THEN
        RETURN NULL;
      END IF;
      RETURN api.insert_account(new_email, new_hash, new_first_name, new_last_name, true, true, zone);
    END
  $$;

GRANT CREATE ON SCHEMA api TO {{lookup}};
ALTER FUNCTION api.auth_user(text) OWNER TO {{lookup}};
ALTER FUNCTION api.auth_session(uuid) OWNER TO {{lookup}};
ALTER FUNCTION api.auth_key(bytea) OWNER TO {{lookup}};
ALTER FUNCTION api.is_setup_token(bytea) OWNER TO {{lookup}};
ALTER FUNCTION api.is_only_account() OWNER TO {{lookup}};
REVOKE CREATE ON SCHEMA api FROM {{lookup}};

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.auth_user(text), api.auth_session(uuid), api.auth_key(bytea), api.is_setup_token(bytea), api.is_only_account(),
  api.create_first_admin(bytea, text, text, text, text, text) TO {{app}};

-- migrate:down
DROP SCHEMA api CASCADE;
DROP SCHEMA store CASCADE;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
