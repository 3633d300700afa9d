-- Whether anybody administers this server, so that the sign-in page can say where the one-time link is. Yes or no: the application sees
-- no account before somebody has signed in.

-- migrate:up
CREATE FUNCTION api.has_administrator() RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT EXISTS (SELECT FROM api.user_account u WHERE u.is_admin) $$;
GRANT CREATE ON SCHEMA api TO {{lookup}};
ALTER FUNCTION api.has_administrator() OWNER TO {{lookup}};
REVOKE CREATE ON SCHEMA api FROM {{lookup}};
REVOKE ALL ON FUNCTION api.has_administrator() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.has_administrator() TO {{app}};

-- migrate:down
DROP FUNCTION api.has_administrator();
