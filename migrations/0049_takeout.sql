-- Everything an account has, as one archive: asked for by its owner, made by the worker, handed out by any process for some days. It lies in
-- the database, in pieces, because nothing else is shared by processes that may run on several machines.

-- migrate:up
CREATE TABLE api.takeout (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id int NOT NULL REFERENCES api.user_account ON DELETE CASCADE,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('ready', 'waiting', 'running', 'failed', 'gone')),
  -- The language of its words.
  locale text NOT NULL CHECK (locale IN ('de', 'en')),
  requested_at timestamptz NOT NULL,
  run_after timestamptz NOT NULL DEFAULT now(),
  -- How often it was begun; also tells a worker that was overtaken by another that its pieces are no longer wanted.
  attempts smallint NOT NULL DEFAULT 0,
  progress_pct smallint NOT NULL DEFAULT 0 CHECK (progress_pct BETWEEN 0 AND 100),
  ready_at timestamptz,
  expires_at timestamptz NOT NULL,
  bytes bigint,
  UNIQUE (user_id, id)
);
CREATE UNIQUE INDEX takeout_under_way ON api.takeout (user_id) WHERE state IN ('waiting', 'running');

CREATE TABLE api.takeout_piece (
  user_id int NOT NULL,
  takeout_id int NOT NULL,
  number int NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (user_id, takeout_id, number),
  FOREIGN KEY (user_id, takeout_id) REFERENCES api.takeout (user_id, id) ON DELETE CASCADE
);
-- Compressed already.
ALTER TABLE api.takeout_piece ALTER COLUMN bytes SET STORAGE EXTERNAL;

ALTER TABLE api.takeout ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api.takeout_piece ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON api.takeout TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY owner_all ON api.takeout_piece TO {{owner}} USING (true) WITH CHECK (true);
CREATE POLICY tenant ON api.takeout TO {{app}}
  USING (user_id = (SELECT api.current_user_id())) WITH CHECK (user_id = (SELECT api.current_user_id()));
CREATE POLICY tenant ON api.takeout_piece TO {{app}}
  USING (user_id = (SELECT api.current_user_id())) WITH CHECK (user_id = (SELECT api.current_user_id()));
GRANT SELECT ON api.takeout, api.takeout_piece TO {{app}};
GRANT INSERT (user_id, locale, requested_at, run_after, expires_at) ON api.takeout TO {{app}};
GRANT UPDATE (state, run_after, attempts, progress_pct, ready_at, expires_at, bytes) ON api.takeout TO {{app}};
GRANT INSERT, DELETE ON api.takeout_piece TO {{app}};

-- The tenant's own share of what no application may read: mails that were sent to it, and the log of what was done to its account. From
-- where, and what exactly, is not told of what an administrator did.
CREATE FUNCTION api.own_mails(after bigint, at_most int)
  RETURNS TABLE (id bigint, kind text, created_at timestamptz, sent_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT m.id, m.kind, m.created_at, m.sent_at FROM store.mail m
    WHERE m.user_id = api.current_user_id() AND m.id > after ORDER BY m.id LIMIT at_most
  $$;
CREATE FUNCTION api.own_log(after bigint, at_most int)
  RETURNS TABLE (id bigint, at timestamptz, action text, detail jsonb, by_another boolean, address text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT l.id, l.at, l.action, CASE WHEN a.other THEN '{}' ELSE l.detail END, a.other, CASE WHEN NOT a.other THEN l.address END
    FROM api.audit_log l, LATERAL (SELECT coalesce(l.actor_id <> l.user_id, false)) AS a (other)
    WHERE l.user_id = api.current_user_id() AND l.id > after ORDER BY l.id LIMIT at_most
  $$;

-- Whoever shows something of an account is told that it changed: `account:what`.
CREATE FUNCTION store.announce_account_news() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    BEGIN
      PERFORM pg_notify('deye_hard_account', format('%s:%s', NEW.user_id, TG_ARGV[0]));
      RETURN NULL;
    END
  $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE OF state, progress_pct ON api.takeout
  FOR EACH ROW EXECUTE FUNCTION store.announce_account_news('takeout');

REVOKE ALL ON FUNCTION api.own_mails(bigint, int), api.own_log(bigint, int), store.announce_account_news() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.own_mails(bigint, int), api.own_log(bigint, int) TO {{app}};

-- migrate:down
DROP TRIGGER announce ON api.takeout;
DROP FUNCTION store.announce_account_news(), api.own_log(bigint, int), api.own_mails(bigint, int);
DROP TABLE api.takeout_piece, api.takeout;
