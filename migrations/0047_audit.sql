-- Who tried to sign in, what maintenance ran, and what each process counts: so that an administrator sees it, whichever process asks.

-- migrate:up
CREATE INDEX audit_log_of_user ON api.audit_log (user_id, id);
-- What was noticed of late is asked for over all accounts; such a one costs next to nothing to keep.
CREATE INDEX quality_event_noted ON api.quality_event USING brin (noted_at);

-- A sign-in that failed. The address is looked up and not kept: people type passwords into the wrong field. Bounded, because attempts
-- cost a stranger little: so many an hour of one account, or of addresses without one, and so many of all.
CREATE FUNCTION api.note_failed_sign_in(of_email text, why text, moment timestamptz, from_address text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      whose int;
      of_one int;
      of_all int;
    BEGIN
      SELECT u.id INTO whose FROM api.user_account u WHERE lower(u.email) = lower(of_email);
      SELECT count(*) FILTER (WHERE l.user_id IS NOT DISTINCT FROM whose), count(*) INTO of_one, of_all
        FROM api.audit_log l WHERE l.at > moment - interval '1 hour' AND l.action = 'sign-in.failed';
      IF of_one >= 100 OR of_all >= 1000 THEN RETURN; END IF;
      INSERT INTO api.audit_log (at, user_id, action, detail, address)
        VALUES (moment, whose, 'sign-in.failed',
                jsonb_build_object('why', why)
                  || CASE WHEN of_one = 99 OR of_all = 999 THEN '{"more": "not noted within the hour"}'::jsonb ELSE '{}' END,
                from_address);
    END
  $$;

-- The last run of each recurring job, by whichever process had its turn.
CREATE TABLE store.job_run (
  job text PRIMARY KEY CHECK (length(job) BETWEEN 1 AND 100),
  every_s int NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  -- NULL: it went well.
  error text,
  -- In a row.
  failed_runs int NOT NULL DEFAULT 0
);

-- What a process counts since its start, told with its heartbeat.
ALTER TABLE store.process ADD COLUMN figures jsonb NOT NULL DEFAULT '{}';
CREATE FUNCTION api.note_figures(process_id uuid, told jsonb) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ UPDATE store.process SET figures = told WHERE id = process_id AND octet_length(told::text) <= 8000 $$;

-- As before, and noted.
CREATE OR REPLACE FUNCTION api.create_first_admin(
    wanted_hash bytea, new_email text, new_hash text, new_first_name text, new_last_name text, zone text)
  RETURNS int
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE new_id int;
    BEGIN
      DELETE FROM api.setup_token t WHERE t.token_hash = wanted_hash;
      IF NOT FOUND OR EXISTS (SELECT FROM api.user_account u WHERE u.is_admin) THEN
        RETURN NULL;
      END IF;
      new_id := api.insert_account(new_email, new_hash, new_first_name, new_last_name, true, true, zone);
      INSERT INTO api.audit_log (actor_id, user_id, action, detail)
        VALUES (new_id, new_id, 'account.create', '{"by": "one-time link", "is_admin": true}');
      RETURN new_id;
    END
  $$;

REVOKE ALL ON FUNCTION api.note_failed_sign_in(text, text, timestamptz, text), api.note_figures(uuid, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.note_failed_sign_in(text, text, timestamptz, text), api.note_figures(uuid, jsonb) TO {{app}};

-- migrate:down
CREATE OR REPLACE FUNCTION api.create_first_admin(
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
DROP FUNCTION api.note_figures(uuid, jsonb), api.note_failed_sign_in(text, text, timestamptz, text);
ALTER TABLE store.process DROP COLUMN figures;
DROP TABLE store.job_run;
DROP INDEX api.quality_event_noted, api.audit_log_of_user;
