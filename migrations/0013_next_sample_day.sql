-- Where a replay goes on: the next day that has samples, found by keys alone. Through the views, every packed day would be unpacked.

-- migrate:up
-- Start of the first UTC day with samples of an inverter that is not before `from_day` (a midnight UTC); NULL without any.
CREATE FUNCTION store.next_sample_day(of_user int, of_inverter int, from_day timestamptz) RETURNS timestamptz
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT least(
      (SELECT date_trunc('day', ts, 'UTC') FROM store.ac_sample
       WHERE user_id = of_user AND inverter_id = of_inverter AND ts >= from_day ORDER BY ts LIMIT 1)
-- only:plain
      , (SELECT day::timestamp AT TIME ZONE 'UTC' FROM store.ac_packed
         WHERE user_id = of_user AND inverter_id = of_inverter AND day >= (from_day AT TIME ZONE 'UTC')::date ORDER BY day LIMIT 1)
-- end only
    )
  $$;

-- migrate:down
DROP FUNCTION store.next_sample_day(int, int, timestamptz);
