-- Sign-up, confirmation of addresses, new passwords and the end of an account. What changes who may sign in happens in functions, so
-- that the application's login has no right on a password, an address or a token itself; each notes what was done in the audit log.

-- migrate:up
-- Links in mails. Only hashes: whoever reads the database finds no link.
CREATE TABLE store.account_token (
  token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
  user_id int NOT NULL REFERENCES api.user_account ON DELETE CASCADE,
  purpose text NOT NULL CHECK (purpose IN ('verify', 'reset', 'email')),
  new_email text CHECK (length(new_email) BETWEEN 3 AND 320),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX account_token_of_user ON store.account_token (user_id);

-- Whoever keeps a stream open is told when the sessions or the rights of an account changed.
CREATE FUNCTION store.announce_session_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      PERFORM pg_notify('deye_hard_session', OLD.user_id::text);
      RETURN NULL;
    END
  $$;
CREATE FUNCTION store.announce_account_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      PERFORM pg_notify('deye_hard_session', OLD.id::text);
      RETURN NULL;
    END
  $$;
CREATE TRIGGER announce_end AFTER UPDATE OF ended_at ON api.session
  FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION store.announce_session_change();
CREATE TRIGGER announce_rights AFTER UPDATE OF disabled_at, is_admin OR DELETE ON api.user_account
  FOR EACH ROW EXECUTE FUNCTION store.announce_account_change();

-- A new account that has to confirm its address. NULL where the address has one already: the caller then tells its owner by mail.
CREATE FUNCTION api.sign_up(new_email text, new_hash text, new_first_name text, new_last_name text, new_locale text, zone text,
                            of_hash bytea, at timestamptz, until timestamptz, from_address text) RETURNS int
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE new_id int;
    BEGIN
      BEGIN
        new_id := api.insert_account(new_email, new_hash, new_first_name, new_last_name, false, false, zone);
      EXCEPTION WHEN unique_violation THEN RETURN NULL;
      END;
      UPDATE api.user_account SET locale = new_locale WHERE id = new_id;
      INSERT INTO store.account_token (token_hash, user_id, purpose, created_at, expires_at)
        VALUES (of_hash, new_id, 'verify', at, until);
      INSERT INTO api.audit_log (at, actor_id, user_id, action, address) VALUES (at, new_id, new_id, 'account.create', from_address);
      RETURN new_id;
    END
  $$;

-- A link for the tenant. Earlier ones stay good for their time (somebody may open the older of two mails), but those to an address
-- that is no longer wanted do not.
CREATE FUNCTION api.issue_account_token(of_purpose text, of_hash bytea, to_email text, at timestamptz, until timestamptz,
                                        from_address text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM store.account_token t
      WHERE t.user_id = api.current_user_id() AND (t.expires_at <= at OR (of_purpose = 'email' AND t.purpose = 'email'));
    INSERT INTO store.account_token (token_hash, user_id, purpose, new_email, created_at, expires_at)
      SELECT of_hash, u.id, of_purpose, to_email, at, until FROM api.user_account u
      WHERE u.id = api.current_user_id() AND u.disabled_at IS NULL;
    INSERT INTO api.audit_log (at, actor_id, user_id, action, address)
      SELECT at, u.id, u.id, 'account.link.' || of_purpose, from_address FROM api.user_account u WHERE u.id = api.current_user_id();
  $$;

-- What a link is good for, before it is used. Answers whoever knows it.
CREATE FUNCTION api.account_token(of_hash bytea)
  RETURNS TABLE (user_id int, purpose text, email text, new_email text, locale text, expires_at timestamptz, used_at timestamptz,
                 verified_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT u.id, t.purpose, u.email, t.new_email, u.locale, t.expires_at, t.used_at, u.verified_at
    FROM store.account_token t JOIN api.user_account u ON u.id = t.user_id
    WHERE t.token_hash = of_hash AND u.disabled_at IS NULL
  $$;

-- Confirms the address that the link was sent to: that of the account, or the one that is to take its place. Whose it was, is told so
-- that the old address can be told. No row: not good (any more), or the address has another account by now.
CREATE FUNCTION api.confirm_address(of_hash bytea, at timestamptz, from_address text)
  RETURNS TABLE (user_id int, old_email text, email text, locale text)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE link store.account_token; account api.user_account;
    BEGIN
      UPDATE store.account_token t SET used_at = at
        WHERE t.token_hash = of_hash AND t.purpose IN ('verify', 'email') AND t.used_at IS NULL AND t.expires_at > at
        RETURNING * INTO link;
      IF NOT FOUND THEN RETURN; END IF;
      SELECT * INTO account FROM api.user_account u WHERE u.id = link.user_id AND u.disabled_at IS NULL FOR UPDATE;
      IF NOT FOUND THEN RETURN; END IF;
      BEGIN
        UPDATE api.user_account u SET verified_at = coalesce(u.verified_at, at), email = coalesce(link.new_email, u.email)
          WHERE u.id = account.id;
      EXCEPTION WHEN unique_violation THEN RETURN;
      END;
      -- A link that was sent to the old address says nothing about the new one, and must not open the account any more.
      IF link.purpose = 'email' THEN
        DELETE FROM store.account_token t WHERE t.user_id = account.id AND t.token_hash <> of_hash;
      END IF;
      INSERT INTO api.audit_log (at, actor_id, user_id, action, address)
        VALUES (at, account.id, account.id, 'account.confirm.' || link.purpose, from_address);
      RETURN QUERY SELECT account.id, account.email, coalesce(link.new_email, account.email), account.locale;
    END
  $$;

-- A new password by the link that was mailed: it proves the address too, and ends every session and every other link.
CREATE FUNCTION api.reset_password(of_hash bytea, new_hash text, at timestamptz, from_address text)
  RETURNS TABLE (user_id int, email text, locale text)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE of_user int;
    BEGIN
      DELETE FROM store.account_token t USING api.user_account u
        WHERE t.token_hash = of_hash AND t.purpose = 'reset' AND t.used_at IS NULL AND t.expires_at > at
          AND u.id = t.user_id AND u.disabled_at IS NULL
        RETURNING t.user_id INTO of_user;
      IF NOT FOUND THEN RETURN; END IF;
      DELETE FROM store.account_token t WHERE t.user_id = of_user;
      UPDATE api.user_account u SET password_hash = new_hash, verified_at = coalesce(u.verified_at, at) WHERE u.id = of_user;
      UPDATE api.session s SET ended_at = at WHERE s.user_id = of_user AND s.ended_at IS NULL;
      INSERT INTO api.audit_log (at, actor_id, user_id, action, address) VALUES (at, of_user, of_user, 'password.reset', from_address);
      RETURN QUERY SELECT u.id, u.email, u.locale FROM api.user_account u WHERE u.id = of_user;
    END
  $$;

-- The tenant's new password. Every session but the one it is changed in ends, and no mailed link opens the account any more.
CREATE FUNCTION api.change_password(new_hash text, but_session uuid, at timestamptz, from_address text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    UPDATE api.user_account u SET password_hash = new_hash WHERE u.id = api.current_user_id();
    UPDATE api.session s SET ended_at = at
      WHERE s.user_id = api.current_user_id() AND s.ended_at IS NULL AND s.id IS DISTINCT FROM but_session;
    DELETE FROM store.account_token t WHERE t.user_id = api.current_user_id() AND t.purpose <> 'verify';
    INSERT INTO api.audit_log (at, actor_id, user_id, action, address)
      SELECT at, u.id, u.id, 'password.change', from_address FROM api.user_account u WHERE u.id = api.current_user_id();
  $$;

-- The same password under a newer hash.
CREATE FUNCTION api.renew_password_hash(old_hash text, new_hash text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ UPDATE api.user_account u SET password_hash = new_hash WHERE u.id = api.current_user_id() AND u.password_hash = old_hash $$;

-- The tenant's account ends: sign-in, sessions, keys and serials are free in the same moment. What was measured follows by a job, out
-- of the request; nothing that is read by anybody points to it any more. The audit log keeps the bare number.
CREATE FUNCTION api.delete_account(at timestamptz, from_address text) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE tenant int := api.current_user_id();
    BEGIN
      INSERT INTO store.job (kind, user_id, payload)
        SELECT 'purge-inverter', i.user_id, jsonb_build_object('inverter_id', i.id) FROM api.inverter i WHERE i.user_id = tenant;
      DELETE FROM store.mail m WHERE m.user_id = tenant;
      DELETE FROM api.inverter i WHERE i.user_id = tenant;
      DELETE FROM api.user_account u WHERE u.id = tenant;
      IF NOT FOUND THEN RETURN false; END IF;
      INSERT INTO api.audit_log (at, actor_id, user_id, action, address) VALUES (at, tenant, tenant, 'account.delete', from_address);
      RETURN true;
    END
  $$;

REVOKE ALL ON FUNCTION store.announce_session_change(), store.announce_account_change(),
  api.sign_up(text, text, text, text, text, text, bytea, timestamptz, timestamptz, text),
  api.issue_account_token(text, bytea, text, timestamptz, timestamptz, text), api.account_token(bytea),
  api.confirm_address(bytea, timestamptz, text), api.reset_password(bytea, text, timestamptz, text),
  api.change_password(text, uuid, timestamptz, text), api.renew_password_hash(text, text), api.delete_account(timestamptz, text)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.sign_up(text, text, text, text, text, text, bytea, timestamptz, timestamptz, text),
  api.issue_account_token(text, bytea, text, timestamptz, timestamptz, text), api.account_token(bytea),
  api.confirm_address(bytea, timestamptz, text), api.reset_password(bytea, text, timestamptz, text),
  api.change_password(text, uuid, timestamptz, text), api.renew_password_hash(text, text), api.delete_account(timestamptz, text)
  TO {{app}};

-- migrate:down
DROP FUNCTION api.delete_account(timestamptz, text), api.renew_password_hash(text, text),
  api.change_password(text, uuid, timestamptz, text), api.reset_password(bytea, text, timestamptz, text),
  api.confirm_address(bytea, timestamptz, text), api.account_token(bytea),
  api.issue_account_token(text, bytea, text, timestamptz, timestamptz, text),
  api.sign_up(text, text, text, text, text, text, bytea, timestamptz, timestamptz, text);
DROP TRIGGER announce_rights ON api.user_account;
DROP TRIGGER announce_end ON api.session;
DROP FUNCTION store.announce_account_change(), store.announce_session_change();
DROP TABLE store.account_token;
