-- What open streams are told at once: a key that ended, and a device that arrived in the inbox. Inputs can be named before they were heard of,
-- and an administrator's programs may say what anybody's inverter is.

-- migrate:up
-- Whoever remembers the key hears of it before whoever then asks for it again.
CREATE FUNCTION store.announce_key_end() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      PERFORM pg_notify('deye_hard_device', json_build_object('table', TG_TABLE_NAME)::text);
      PERFORM pg_notify('deye_hard_session', OLD.user_id::text);
      RETURN NULL;
    END
  $$;
CREATE TRIGGER announce_end AFTER UPDATE OF revoked_at, expires_at OR DELETE ON api.api_key
  FOR EACH ROW EXECUTE FUNCTION store.announce_key_end();

-- The same where an account's rights change: its keys are remembered too.
CREATE OR REPLACE FUNCTION store.announce_account_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      PERFORM pg_notify('deye_hard_device', json_build_object('table', TG_TABLE_NAME)::text);
      PERFORM pg_notify('deye_hard_session', OLD.id::text);
      RETURN NULL;
    END
  $$;

CREATE TRIGGER announce AFTER INSERT ON api.pending_device
  FOR EACH ROW EXECUTE FUNCTION store.announce_account_news('pending');

GRANT INSERT (user_id, inverter_id, channel, name, peak_power_w) ON api.channel TO {{app}};

-- Says what the inverters with this serial are, whosever they are, where the tenant is an administrator. Nothing is changed when there are
-- several: then it only answers how many.
CREATE FUNCTION api.describe_anybodys_inverter(of_serial text, rated int, mppts int)
  RETURNS TABLE (matches int, id int, serial text, name text, rated_power_w int, mppt_count smallint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    DECLARE
      tenant int := api.current_user_id();
      found_ids int[];
    BEGIN
      IF NOT EXISTS (SELECT FROM api.user_account u WHERE u.id = tenant AND u.is_admin AND u.disabled_at IS NULL) THEN RETURN; END IF;
      found_ids := ARRAY(SELECT i.id FROM api.inverter i WHERE i.serial = of_serial AND NOT i.waiting LIMIT 2);
      IF cardinality(found_ids) <> 1 THEN
        RETURN QUERY SELECT cardinality(found_ids), NULL::int, NULL::text, NULL::text, NULL::int, NULL::smallint;
        RETURN;
      END IF;
      RETURN QUERY
        WITH described AS (
          UPDATE api.inverter i SET rated_power_w = rated, mppt_count = mppts WHERE i.id = found_ids[1]
          RETURNING i.id, i.user_id, i.serial, i.name, i.rated_power_w, i.mppt_count
        ), noted AS (
          INSERT INTO api.audit_log (actor_id, user_id, action, detail)
            SELECT tenant, d.user_id, 'inverter.described', jsonb_build_object('inverter_id', d.id) FROM described d
        )
        SELECT 1, d.id, d.serial, d.name, d.rated_power_w, d.mppt_count FROM described d;
    END
  $$;
REVOKE ALL ON FUNCTION store.announce_key_end(), api.describe_anybodys_inverter(text, int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.describe_anybodys_inverter(text, int, int) TO {{app}};

-- migrate:down
DROP FUNCTION api.describe_anybodys_inverter(text, int, int);
REVOKE INSERT (user_id, inverter_id, channel, name, peak_power_w) ON api.channel FROM {{app}};
DROP TRIGGER announce ON api.pending_device;
CREATE OR REPLACE FUNCTION store.announce_account_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      PERFORM pg_notify('deye_hard_session', OLD.id::text);
      RETURN NULL;
    END
  $$;
DROP TRIGGER announce_end ON api.api_key;
DROP FUNCTION store.announce_key_end();
