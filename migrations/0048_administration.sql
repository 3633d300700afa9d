-- What the pages of administration ask for. The login {{admin}} has no right on any table: these functions are all it may use, and each
-- first makes sure that the tenant of the transaction is an administrator. None of them shows what anybody's inverter measured.

-- migrate:up
-- Who acts. Refuses everybody else, also where the application asked by mistake.
CREATE FUNCTION store.require_admin() RETURNS int
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE actor int;
    BEGIN
      SELECT u.id INTO actor FROM api.user_account u
        WHERE u.id = api.current_user_id() AND u.is_admin AND u.disabled_at IS NULL;
      IF NOT FOUND THEN RAISE EXCEPTION 'not an administrator' USING ERRCODE = 'insufficient_privilege'; END IF;
      RETURN actor;
    END
  $$;

CREATE FUNCTION api.admin_accounts(search text, only_id int, before int, at_most int)
  RETURNS TABLE (id int, email text, first_name text, last_name text, is_admin boolean, verified_at timestamptz,
                 disabled_at timestamptz, created_at timestamptz, has_two_factor boolean, inverters int, api_keys int, sessions int,
                 last_used_at timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    BEGIN
      PERFORM store.require_admin();
      RETURN QUERY
        SELECT u.id, u.email, u.first_name, u.last_name, u.is_admin, u.verified_at, u.disabled_at, u.created_at,
               EXISTS (SELECT FROM store.two_factor f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL),
               (SELECT count(*)::int FROM api.inverter i WHERE i.user_id = u.id),
               (SELECT count(*)::int FROM api.api_key k WHERE k.user_id = u.id AND k.revoked_at IS NULL),
               s.living, s.last_used_at
        FROM api.user_account u
        LEFT JOIN LATERAL (
          SELECT count(*) FILTER (WHERE n.ended_at IS NULL AND n.expires_at > now())::int AS living, max(n.last_used_at) AS last_used_at
          FROM api.session n WHERE n.user_id = u.id) s ON true
        WHERE (only_id IS NULL OR u.id = only_id) AND (before IS NULL OR u.id < before)
          AND (search = '' OR position(lower(search) IN lower(concat_ws(' ', u.email, u.first_name, u.last_name))) > 0)
        ORDER BY u.id DESC LIMIT at_most;
    END
  $$;

-- One after the other, so that of two administrators who take the role from each other one stays. Answers what became of it.
CREATE FUNCTION api.admin_act(of_user int, act text, moment timestamptz, from_address text) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      actor int;
      target api.user_account;
      ended int := 0;
    BEGIN
      PERFORM FROM api.user_account u WHERE u.is_admin OR u.id = of_user ORDER BY u.id FOR UPDATE;
      actor := store.require_admin();
      SELECT * INTO target FROM api.user_account u WHERE u.id = of_user;
      IF NOT FOUND THEN RETURN 'missing'; END IF;
      IF act = 'disable' AND of_user = actor THEN RETURN 'self'; END IF;
      IF act = 'unmake-admin' AND NOT EXISTS (
        SELECT FROM api.user_account u WHERE u.is_admin AND u.disabled_at IS NULL AND u.id <> of_user) THEN RETURN 'last'; END IF;
      CASE act
        WHEN 'disable' THEN UPDATE api.user_account u SET disabled_at = moment WHERE u.id = of_user AND u.disabled_at IS NULL;
        WHEN 'enable' THEN UPDATE api.user_account u SET disabled_at = NULL WHERE u.id = of_user AND u.disabled_at IS NOT NULL;
        WHEN 'verify' THEN UPDATE api.user_account u SET verified_at = moment WHERE u.id = of_user AND u.verified_at IS NULL;
        WHEN 'make-admin' THEN UPDATE api.user_account u SET is_admin = true WHERE u.id = of_user AND NOT u.is_admin;
        WHEN 'unmake-admin' THEN UPDATE api.user_account u SET is_admin = false WHERE u.id = of_user AND u.is_admin;
        WHEN 'end-sessions' THEN NULL;
      END CASE;
      IF NOT FOUND AND act <> 'end-sessions' THEN RETURN 'nothing'; END IF;
      -- Whoever has other rights from now on signs in anew. A mailed link opens no account that was closed.
      IF act NOT IN ('verify', 'enable') THEN
        UPDATE api.session s SET ended_at = moment WHERE s.user_id = of_user AND s.ended_at IS NULL;
        GET DIAGNOSTICS ended = ROW_COUNT;
      END IF;
      IF act = 'disable' THEN DELETE FROM store.account_token t WHERE t.user_id = of_user; END IF;
      INSERT INTO api.audit_log (at, actor_id, user_id, action, detail, address)
        VALUES (moment, actor, of_user, 'admin.' || act, jsonb_build_object('sessions_ended', ended), from_address);
      RETURN 'done';
    END
  $$;

-- A link to choose a new password, which goes to the account's address and to nobody else.
CREATE FUNCTION api.admin_start_reset(of_user int, of_hash bytea, moment timestamptz, until timestamptz, from_address text)
  RETURNS TABLE (email text, locale text)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    DECLARE actor int := store.require_admin();
    BEGIN
      INSERT INTO store.account_token (token_hash, user_id, purpose, created_at, expires_at)
        SELECT of_hash, u.id, 'reset', moment, until FROM api.user_account u WHERE u.id = of_user AND u.disabled_at IS NULL;
      IF NOT FOUND THEN RETURN; END IF;
      INSERT INTO api.audit_log (at, actor_id, user_id, action, address)
        VALUES (moment, actor, of_user, 'admin.start-reset', from_address);
      RETURN QUERY SELECT u.email, u.locale FROM api.user_account u WHERE u.id = of_user;
    END
  $$;
GRANT EXECUTE ON FUNCTION api.queue_mail(int, text, text, timestamptz) TO {{admin}};

CREATE FUNCTION api.admin_inverters(search text, before int, at_most int)
  RETURNS TABLE (id int, user_id int, email text, kind text, serial text, name text, waiting boolean, created_at timestamptz,
                 last_received_at timestamptz, gateway_seen_at timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    BEGIN
      PERFORM store.require_admin();
      RETURN QUERY
        SELECT i.id, i.user_id, u.email, i.kind, i.serial, i.name, i.waiting, i.created_at, c.last_received_at, g.last_seen_at
        FROM api.inverter i
        JOIN api.user_account u ON u.id = i.user_id
        LEFT JOIN store.counter c ON c.user_id = i.user_id AND c.inverter_id = i.id
        LEFT JOIN api.gateway g ON g.user_id = i.user_id AND g.kind = i.kind AND g.serial = coalesce(i.gateway_serial, i.serial)
        WHERE (before IS NULL OR i.id < before)
          AND (search = '' OR position(lower(search) IN lower(concat_ws(' ', i.serial, i.inverter_serial, i.name, u.email))) > 0)
        ORDER BY i.id DESC LIMIT at_most;
    END
  $$;

CREATE FUNCTION api.admin_gateways(search text, before int, at_most int)
  RETURNS TABLE (id int, user_id int, email text, kind text, serial text, firmware text, first_seen_at timestamptz,
                 last_seen_at timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    BEGIN
      PERFORM store.require_admin();
      RETURN QUERY
        SELECT g.id, g.user_id, u.email, g.kind, g.serial, left(g.facts ->> 'firmware', 100), g.first_seen_at, g.last_seen_at
        FROM api.gateway g JOIN api.user_account u ON u.id = g.user_id
        WHERE (before IS NULL OR g.id < before)
          AND (search = '' OR position(lower(search) IN lower(concat_ws(' ', g.serial, u.email))) > 0)
        ORDER BY g.id DESC LIMIT at_most;
    END
  $$;

-- Loggers that are nobody's, and how many accounts wait for each.
CREATE FUNCTION api.admin_strangers(search text, skip int, at_most int)
  RETURNS TABLE (serial text, first_seen_at timestamptz, last_seen_at timestamptz, last_address text, waiting int)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    BEGIN
      PERFORM store.require_admin();
      RETURN QUERY
        SELECT l.serial, l.first_seen_at, l.last_seen_at, l.last_address,
               (SELECT count(*)::int FROM api.inverter i WHERE i.kind = 'solarman' AND i.serial = l.serial AND i.waiting)
        FROM store.unclaimed_logger l
        WHERE search = '' OR position(search IN l.serial) > 0
        ORDER BY l.last_seen_at DESC, l.serial OFFSET skip LIMIT at_most;
    END
  $$;

-- Gives a logger to an account: the administrator's word is the proof. Answers what became of it; a conflict is another account that has
-- it already.
CREATE FUNCTION api.admin_assign_logger(of_serial text, to_email text, new_name text, moment timestamptz, from_address text)
  RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      actor int := store.require_admin();
      owner_id int;
      its_id int;
    BEGIN
      SELECT u.id INTO owner_id FROM api.user_account u WHERE lower(u.email) = lower(to_email) AND u.disabled_at IS NULL;
      IF NOT FOUND THEN RETURN 'no-account'; END IF;
      INSERT INTO api.inverter AS i (user_id, site_id, kind, serial, name)
        SELECT owner_id, min(s.id), 'solarman', of_serial, new_name FROM api.site s WHERE s.user_id = owner_id
        ON CONFLICT (user_id, kind, serial) DO UPDATE SET waiting = false WHERE i.waiting
        RETURNING i.id INTO its_id;
      IF its_id IS NULL THEN RETURN 'has-it'; END IF;
      INSERT INTO api.claim AS c (user_id, inverter_id, proof, proven_at) VALUES (owner_id, its_id, 'administrator', moment)
        ON CONFLICT (user_id, inverter_id) DO UPDATE
          SET proof = excluded.proof, proven_at = excluded.proven_at, restart_asks = '{}', released_at = NULL;
      DELETE FROM store.unclaimed_logger l WHERE l.serial = of_serial;
      INSERT INTO api.audit_log (at, actor_id, user_id, action, detail, address)
        VALUES (moment, actor, owner_id, 'admin.assign-logger', jsonb_build_object('inverter_id', its_id, 'serial', of_serial),
                from_address);
      RETURN 'done';
    END
  $$;

-- How much comes in, by kind of device: how many are heard, how late what they say arrives, and how many samples were measured in the
-- four quarter hours before this one.
CREATE FUNCTION api.admin_sources(moment timestamptz)
  RETURNS TABLE (kind text, inverters int, waiting int, heard_quarter_hour int, heard_day int, last_received_at timestamptz,
                 median_lag_s double precision, samples_hour int)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    DECLARE quarter timestamptz := date_bin('15 minutes', moment, 'epoch');
    BEGIN
      PERFORM store.require_admin();
      RETURN QUERY
        SELECT i.kind, count(*)::int, count(*) FILTER (WHERE i.waiting)::int,
               count(*) FILTER (WHERE c.last_received_at > moment - interval '15 minutes')::int,
               count(*) FILTER (WHERE c.last_received_at > moment - interval '1 day')::int,
               max(c.last_received_at),
               percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.last_received_at - c.last_live_ts)::double precision)
                 FILTER (WHERE c.last_received_at > moment - interval '15 minutes'),
               sum(e.measured)::int
        FROM api.inverter i
        LEFT JOIN store.counter c ON c.user_id = i.user_id AND c.inverter_id = i.id
        LEFT JOIN LATERAL (
          SELECT sum(q.power_count[1]) AS measured FROM store.energy_15m q
          WHERE q.user_id = i.user_id AND q.inverter_id = i.id AND q.ts >= quarter - interval '1 hour' AND q.ts < quarter
        ) e ON c.last_received_at > quarter - interval '1 hour'
        GROUP BY i.kind ORDER BY i.kind;
    END
  $$;

-- What was not believed or not understood within a day, by reason, and what waits for something.
CREATE FUNCTION api.admin_counts(moment timestamptz) RETURNS TABLE (what text, n int)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    BEGIN
      PERFORM store.require_admin();
      RETURN QUERY
        SELECT 'event.' || q.kind, count(*)::int FROM api.quality_event q WHERE q.noted_at > moment - interval '1 day' GROUP BY q.kind
        UNION ALL SELECT 'frame.' || f.reason, count(*)::int FROM store.raw_frame f
          WHERE f.received_at > moment - interval '1 day' GROUP BY f.reason
        UNION ALL SELECT 'tls', count(*)::int FROM store.tls_attempt t WHERE t.last_seen_at > moment - interval '1 day'
        UNION ALL SELECT 'loggers', count(*)::int FROM store.unclaimed_logger l WHERE l.last_seen_at > moment - interval '1 day'
        UNION ALL SELECT 'pending-devices', count(*)::int FROM api.pending_device
        UNION ALL SELECT 'late-samples', count(*)::int FROM (SELECT FROM store.late_sample LIMIT 100000) s
        UNION ALL SELECT 'mails-waiting', count(*)::int FROM store.mail m WHERE m.message IS NOT NULL
        UNION ALL SELECT 'mails-failed', count(*)::int FROM store.mail m WHERE m.message IS NULL AND m.sent_at IS NULL
        UNION ALL SELECT 'accounts', count(*)::int FROM api.user_account
        UNION ALL SELECT 'jobs-failing', count(*)::int FROM store.job_run r WHERE r.error IS NOT NULL
        ORDER BY 1;
    END
  $$;

CREATE FUNCTION api.admin_processes(moment timestamptz)
  RETURNS TABLE (id uuid, roles text[], host text, started_at timestamptz, beat_at timestamptz, figures jsonb)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    BEGIN
      PERFORM store.require_admin();
      RETURN QUERY SELECT p.id, p.roles, p.host, p.started_at, p.beat_at, p.figures FROM store.process p
        WHERE p.beat_at > moment - interval '5 minutes' ORDER BY p.started_at, p.id;
    END
  $$;

CREATE FUNCTION api.admin_jobs()
  RETURNS TABLE (job text, every_s int, started_at timestamptz, finished_at timestamptz, error text, failed_runs int)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    BEGIN
      PERFORM store.require_admin();
      RETURN QUERY SELECT r.job, r.every_s, r.started_at, r.finished_at, r.error, r.failed_runs FROM store.job_run r ORDER BY r.job;
    END
  $$;

-- Durable work that is not done yet, by kind.
CREATE FUNCTION api.admin_work() RETURNS TABLE (kind text, waiting int, oldest timestamptz, attempts int)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    BEGIN
      PERFORM store.require_admin();
      RETURN QUERY SELECT j.kind, count(*)::int, min(j.run_after), max(j.attempts) FROM store.job j
        WHERE j.done_at IS NULL GROUP BY j.kind ORDER BY j.kind;
    END
  $$;

-- Never what is in them: it holds links. `state` is waiting, sent or failed; NULL asks for all.
CREATE FUNCTION api.admin_mails(of_state text, before bigint, at_most int)
  RETURNS TABLE (id bigint, user_id int, email text, kind text, state text, created_at timestamptz, run_after timestamptz, attempts int,
                 last_error text, sent_at timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    BEGIN
      PERFORM store.require_admin();
      RETURN QUERY
        SELECT * FROM (
          SELECT m.id, m.user_id, u.email, m.kind,
                 CASE WHEN m.sent_at IS NOT NULL THEN 'sent' WHEN m.message IS NULL THEN 'failed' ELSE 'waiting' END AS state,
                 m.created_at, m.run_after, m.attempts, m.last_error, m.sent_at
          FROM store.mail m LEFT JOIN api.user_account u ON u.id = m.user_id
          WHERE before IS NULL OR m.id < before) q
        WHERE of_state IS NULL OR q.state = of_state
        ORDER BY q.id DESC LIMIT at_most;
    END
  $$;

-- Sends one that waits at the next turn. False: it does not wait (any more).
CREATE FUNCTION api.admin_retry_mail(of_mail bigint, moment timestamptz, from_address text) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      actor int := store.require_admin();
      its_user int;
    BEGIN
      UPDATE store.mail m SET run_after = moment WHERE m.id = of_mail AND m.message IS NOT NULL RETURNING m.user_id INTO its_user;
      IF NOT FOUND THEN RETURN false; END IF;
      INSERT INTO api.audit_log (at, actor_id, user_id, action, detail, address)
        VALUES (moment, actor, its_user, 'admin.retry-mail', jsonb_build_object('mail', of_mail), from_address);
      RETURN true;
    END
  $$;

-- The newest first. `who` is an account's number or address, as who acted or whom it concerns; `act` the beginning of what was done.
CREATE FUNCTION api.admin_audit(who text, act text, since timestamptz, until timestamptz, before bigint, at_most int)
  RETURNS TABLE (id bigint, at timestamptz, actor_id int, actor_email text, user_id int, user_email text, action text, detail jsonb,
                 address text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    #variable_conflict use_column
    DECLARE asked int := CASE WHEN who ~ '^[0-9]{1,9}$' THEN who::int END;
    BEGIN
      PERFORM store.require_admin();
      IF asked IS NULL AND who <> '' THEN
        -- Nobody's number where there is no such account.
        asked := coalesce((SELECT u.id FROM api.user_account u WHERE lower(u.email) = lower(who)), 0);
      END IF;
      RETURN QUERY
        SELECT l.id, l.at, l.actor_id, a.email, l.user_id, u.email, l.action, l.detail, l.address
        FROM api.audit_log l
        LEFT JOIN api.user_account a ON a.id = l.actor_id
        LEFT JOIN api.user_account u ON u.id = l.user_id
        WHERE (before IS NULL OR l.id < before) AND (asked IS NULL OR l.actor_id = asked OR l.user_id = asked)
          AND (act = '' OR starts_with(l.action, act)) AND (since IS NULL OR l.at >= since) AND (until IS NULL OR l.at < until)
        ORDER BY l.id DESC LIMIT at_most;
    END
  $$;

REVOKE ALL ON FUNCTION store.require_admin(), api.admin_accounts(text, int, int, int), api.admin_act(int, text, timestamptz, text),
  api.admin_start_reset(int, bytea, timestamptz, timestamptz, text), api.admin_inverters(text, int, int),
  api.admin_gateways(text, int, int), api.admin_strangers(text, int, int),
  api.admin_assign_logger(text, text, text, timestamptz, text), api.admin_sources(timestamptz), api.admin_counts(timestamptz),
  api.admin_processes(timestamptz), api.admin_jobs(), api.admin_work(), api.admin_mails(text, bigint, int),
  api.admin_retry_mail(bigint, timestamptz, text), api.admin_audit(text, text, timestamptz, timestamptz, bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.admin_accounts(text, int, int, int), api.admin_act(int, text, timestamptz, text),
  api.admin_start_reset(int, bytea, timestamptz, timestamptz, text), api.admin_inverters(text, int, int),
  api.admin_gateways(text, int, int), api.admin_strangers(text, int, int),
  api.admin_assign_logger(text, text, text, timestamptz, text), api.admin_sources(timestamptz), api.admin_counts(timestamptz),
  api.admin_processes(timestamptz), api.admin_jobs(), api.admin_work(), api.admin_mails(text, bigint, int),
  api.admin_retry_mail(bigint, timestamptz, text), api.admin_audit(text, text, timestamptz, timestamptz, bigint, int) TO {{admin}};

-- migrate:down
REVOKE EXECUTE ON FUNCTION api.queue_mail(int, text, text, timestamptz) FROM {{admin}};
DROP FUNCTION api.admin_audit(text, text, timestamptz, timestamptz, bigint, int), api.admin_retry_mail(bigint, timestamptz, text),
  api.admin_mails(text, bigint, int), api.admin_work(), api.admin_jobs(), api.admin_processes(timestamptz),
  api.admin_counts(timestamptz), api.admin_sources(timestamptz),
  api.admin_assign_logger(text, text, text, timestamptz, text), api.admin_strangers(text, int, int),
  api.admin_gateways(text, int, int), api.admin_inverters(text, int, int),
  api.admin_start_reset(int, bytea, timestamptz, timestamptz, text), api.admin_act(int, text, timestamptz, text),
  api.admin_accounts(text, int, int, int), store.require_admin();
