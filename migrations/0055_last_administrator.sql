-- Whoever was administrator last stays it: by whatever way an account is deleted, disabled or loses the role, and however many at once.

-- migrate:up
-- The lock is taken after those on rows and kept until the end of the transaction: whoever waits for it then sees what the other did.
CREATE FUNCTION store.keep_an_administrator() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtext('deye-hard administrators'));
      IF NOT EXISTS (SELECT FROM api.user_account u WHERE u.is_admin AND u.disabled_at IS NULL AND u.id <> OLD.id) THEN
        RAISE EXCEPTION 'the last administrator' USING ERRCODE = 'check_violation', CONSTRAINT = 'an_administrator_is_left';
      END IF;
      RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END
  $$;
REVOKE ALL ON FUNCTION store.keep_an_administrator() FROM PUBLIC;
CREATE TRIGGER keep_an_administrator_deleted BEFORE DELETE ON api.user_account
  FOR EACH ROW WHEN (OLD.is_admin AND OLD.disabled_at IS NULL) EXECUTE FUNCTION store.keep_an_administrator();
CREATE TRIGGER keep_an_administrator_changed BEFORE UPDATE OF is_admin, disabled_at ON api.user_account
  FOR EACH ROW WHEN (OLD.is_admin AND OLD.disabled_at IS NULL AND NOT (NEW.is_admin AND NEW.disabled_at IS NULL))
  EXECUTE FUNCTION store.keep_an_administrator();

-- migrate:down
DROP TRIGGER keep_an_administrator_changed ON api.user_account;
DROP TRIGGER keep_an_administrator_deleted ON api.user_account;
DROP FUNCTION store.keep_an_administrator();
