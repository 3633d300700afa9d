-- Late samples: which came late, and the fold's state at the start of each day, from which a replay begins.

-- migrate:up
-- A sample older than its inverter's fold had already come. Gone once the energy of its time was folded again.
CREATE TABLE store.late_sample (
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  ts timestamptz NOT NULL,
  noted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, inverter_id, ts)
);

-- The fold's state before the first sample of a UTC day.
CREATE TABLE store.fold_day (
  user_id int NOT NULL,
  inverter_id int NOT NULL,
  day timestamptz NOT NULL,
  fold json NOT NULL,
  PRIMARY KEY (user_id, inverter_id, day)
);

CREATE FUNCTION api.note_late(user_ids int[], inverter_ids int[], times timestamptz[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    INSERT INTO store.late_sample (user_id, inverter_id, ts)
      SELECT i.user_id, i.id, l.ts FROM unnest(user_ids, inverter_ids, times) AS l (u, n, ts)
      JOIN api.inverter i ON i.user_id = l.u AND i.id = l.n
      ON CONFLICT DO NOTHING
  $$;

CREATE FUNCTION api.keep_folds(user_ids int[], inverter_ids int[], days timestamptz[], folds text[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    INSERT INTO store.fold_day (user_id, inverter_id, day, fold)
      SELECT i.user_id, i.id, f.day, f.fold::json FROM unnest(user_ids, inverter_ids, days, folds) AS f (u, n, day, fold)
      JOIN api.inverter i ON i.user_id = f.u AND i.id = f.n
      ON CONFLICT (user_id, inverter_id, day) DO NOTHING
  $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.note_late(int[], int[], timestamptz[]), api.keep_folds(int[], int[], timestamptz[], text[])
  TO {{ingest}};

-- migrate:down
DROP FUNCTION api.keep_folds(int[], int[], timestamptz[], text[]), api.note_late(int[], int[], timestamptz[]);
DROP TABLE store.fold_day, store.late_sample;
