-- Attempts that are counted, so that guessing is slow; shared by all processes. Who tried what is a hash, and gone within the day.

-- migrate:up
CREATE TABLE store.attempt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bucket bytea NOT NULL CHECK (length(bucket) = 16),
  at timestamptz NOT NULL,
  -- How it ends is not known yet.
  running boolean NOT NULL DEFAULT true
);
CREATE INDEX attempt_bucket ON store.attempt (bucket, at);

-- Lets one attempt begin if in each bucket fewer than its count are running or were counted within its window; it is in the buckets
-- from then on. Otherwise says in which bucket not, in how many seconds to come back, and how many there may still turn out well.
CREATE FUNCTION api.admit_attempt(buckets bytea[], counts int[], windows_s int[], moment timestamptz)
  RETURNS TABLE (ids bigint[], refused_by int, wait_s double precision, still_running int)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    DECLARE
      position int;
      begun timestamptz[];
    BEGIN
      -- In one order, so that two attempts never wait for each other.
      PERFORM pg_advisory_xact_lock(7021, k) FROM (
        SELECT DISTINCT hashtext(encode(b, 'hex')) AS k FROM unnest(buckets) b ORDER BY 1) locks;
      FOR position IN 1 .. array_length(buckets, 1) LOOP
        SELECT array_agg(a.at ORDER BY a.at DESC), count(*) FILTER (WHERE a.running AND a.at > moment - interval '1 minute')
          INTO begun, still_running
          FROM store.attempt a
          WHERE a.bucket = buckets[position] AND a.at > moment - make_interval(secs => windows_s[position]);
        IF coalesce(array_length(begun, 1), 0) >= counts[position] THEN
          refused_by := position;
          wait_s := extract(epoch FROM begun[counts[position]] + make_interval(secs => windows_s[position]) - moment);
          RETURN NEXT;
          RETURN;
        END IF;
      END LOOP;
      WITH made AS (
        INSERT INTO store.attempt (bucket, at) SELECT b, moment FROM unnest(buckets) b RETURNING id)
      SELECT array_agg(id) INTO ids FROM made;
      still_running := 0;
      RETURN NEXT;
    END
  $$;

-- How it ended: counted, or not; and buckets that begin anew.
CREATE FUNCTION api.settle_attempt(attempt_ids bigint[], counted boolean, cleared bytea[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    UPDATE store.attempt SET running = false WHERE counted AND id = ANY (attempt_ids);
    DELETE FROM store.attempt WHERE (NOT counted AND id = ANY (attempt_ids)) OR bucket = ANY (cleared);
  $$;

REVOKE ALL ON FUNCTION api.admit_attempt(bytea[], int[], int[], timestamptz), api.settle_attempt(bigint[], boolean, bytea[])
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.admit_attempt(bytea[], int[], int[], timestamptz), api.settle_attempt(bigint[], boolean, bytea[])
  TO {{app}};

-- migrate:down
DROP FUNCTION api.settle_attempt(bigint[], boolean, bytea[]), api.admit_attempt(bytea[], int[], int[], timestamptz);
DROP TABLE store.attempt;
