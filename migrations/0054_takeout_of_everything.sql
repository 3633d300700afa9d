-- What of an account's own lay where no application may read it: the frames that were understood, proofs of its loggers, from where it was
-- used, and the links that were mailed to it.

-- migrate:up
CREATE VIEW api.decoded_frame WITH (security_barrier) AS
  SELECT * FROM store.decoded_frame WHERE user_id = (SELECT api.current_user_id());
GRANT SELECT ON api.decoded_frame TO {{app}};

CREATE FUNCTION api.own_claims()
  RETURNS TABLE (inverter_id int, restart_asks timestamptz[], released_at timestamptz, proof text, proven_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT c.inverter_id, c.restart_asks, c.released_at, c.proof, c.proven_at FROM api.claim c
    WHERE c.user_id = api.current_user_id() ORDER BY c.inverter_id
  $$;
CREATE FUNCTION api.own_visits() RETURNS TABLE (address text, seen_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT v.address, v.seen_at FROM api.visit v WHERE v.user_id = api.current_user_id() ORDER BY v.seen_at $$;
-- Never the token: only its owner's mailbox has it.
CREATE FUNCTION api.own_links()
  RETURNS TABLE (purpose text, new_email text, created_at timestamptz, expires_at timestamptz, used_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT t.purpose, t.new_email, t.created_at, t.expires_at, t.used_at FROM store.account_token t
    WHERE t.user_id = api.current_user_id() ORDER BY t.created_at
  $$;
REVOKE ALL ON FUNCTION api.own_claims(), api.own_visits(), api.own_links() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.own_claims(), api.own_visits(), api.own_links() TO {{app}};

-- migrate:down
DROP FUNCTION api.own_links(), api.own_visits(), api.own_claims();
DROP VIEW api.decoded_frame;
