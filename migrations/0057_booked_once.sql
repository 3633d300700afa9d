-- A payload that is kept is booked once, with whichever date is found first: who books its sample takes it off in the same transaction,
-- and who comes second finds it gone. A process that is killed leaves the one or the other.

-- migrate:up
DROP FUNCTION api.forget_frames(int, int, bytea[]), api.settle_frames(int, int, bigint[], bigint[]);

-- Takes payloads off and answers which of them were there. The counters of their inverters must be locked.
CREATE FUNCTION api.claim_frames(user_ids int[], inverter_ids int[], ids bigint[]) RETURNS TABLE (id bigint)
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM store.raw_frame r USING unnest(user_ids, inverter_ids, ids) AS g (user_id, inverter_id, id)
      WHERE r.user_id = g.user_id AND r.inverter_id = g.inverter_id AND r.id = g.id
      RETURNING r.id
  $$;

-- Those that nothing dates any more stay for their owner, in the other ring.
CREATE FUNCTION api.give_up_frames(of_user int, of_inverter int, ids bigint[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    UPDATE store.raw_frame r SET reason = 'undatable'
      WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.id = ANY (ids) AND r.reason = 'undated';
  $$;

-- One that comes again while it waits is the same, and has the date that was less delayed; one that was given up waits once more.
CREATE OR REPLACE FUNCTION api.keep_raw(of_user int, of_inverter int, at timestamptz, of_layout text, why text, payload bytea,
                                        reckoned timestamptz DEFAULT NULL) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM store.raw_frame r
      WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND (r.reason = 'undated') = (why = 'undated')
        AND r.id <= (SELECT k.id FROM store.raw_frame k
                     WHERE k.user_id = of_user AND k.inverter_id = of_inverter AND (k.reason = 'undated') = (why = 'undated')
                     ORDER BY k.id DESC OFFSET CASE why WHEN 'undated' THEN 399 ELSE 49 END LIMIT 1);
    UPDATE store.raw_frame r
      SET reason = why, received_at = CASE r.reason WHEN why THEN r.received_at ELSE at END, reckoned_at = LEAST(r.reckoned_at, reckoned)
      WHERE why = 'undated' AND r.user_id = of_user AND r.inverter_id = of_inverter AND r.reason IN ('undated', 'undatable')
        AND r.bytes = payload AND (r.reason <> why OR r.reckoned_at IS DISTINCT FROM LEAST(r.reckoned_at, reckoned));
    INSERT INTO store.raw_frame (user_id, inverter_id, received_at, layout, reason, bytes, reckoned_at)
      SELECT i.user_id, i.id, at, of_layout, why, payload, reckoned FROM api.inverter i
      WHERE i.user_id = of_user AND i.id = of_inverter
        AND NOT EXISTS (SELECT FROM store.raw_frame r
                        WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.bytes = payload);
  $$;

REVOKE ALL ON FUNCTION api.claim_frames(int[], int[], bigint[]), api.give_up_frames(int, int, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.claim_frames(int[], int[], bigint[]), api.give_up_frames(int, int, bigint[]) TO {{ingest}};

-- migrate:down
CREATE OR REPLACE FUNCTION api.keep_raw(of_user int, of_inverter int, at timestamptz, of_layout text, why text, payload bytea,
                                        reckoned timestamptz DEFAULT NULL) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM store.raw_frame r
      WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND (r.reason = 'undated') = (why = 'undated')
        AND r.id <= (SELECT k.id FROM store.raw_frame k
                     WHERE k.user_id = of_user AND k.inverter_id = of_inverter AND (k.reason = 'undated') = (why = 'undated')
                     ORDER BY k.id DESC OFFSET CASE why WHEN 'undated' THEN 399 ELSE 49 END LIMIT 1);
    INSERT INTO store.raw_frame (user_id, inverter_id, received_at, layout, reason, bytes, reckoned_at)
      SELECT i.user_id, i.id, at, of_layout, why, payload, reckoned FROM api.inverter i
      WHERE i.user_id = of_user AND i.id = of_inverter
        AND NOT EXISTS (SELECT FROM store.raw_frame r
                        WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.bytes = payload);
  $$;
DROP FUNCTION api.give_up_frames(int, int, bigint[]), api.claim_frames(int[], int[], bigint[]);
CREATE FUNCTION api.settle_frames(of_user int, of_inverter int, booked bigint[], undatable bigint[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM store.raw_frame r WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.id = ANY (booked);
    UPDATE store.raw_frame r SET reason = 'undatable'
      WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.id = ANY (undatable) AND r.reason = 'undated';
  $$;
CREATE FUNCTION api.forget_frames(of_user int, of_inverter int, payloads bytea[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DELETE FROM store.raw_frame r
      WHERE r.user_id = of_user AND r.inverter_id = of_inverter AND r.reason IN ('undated', 'undatable') AND r.bytes = ANY (payloads)
  $$;
REVOKE ALL ON FUNCTION api.settle_frames(int, int, bigint[], bigint[]), api.forget_frames(int, int, bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.settle_frames(int, int, bigint[], bigint[]), api.forget_frames(int, int, bytea[]) TO {{ingest}};
