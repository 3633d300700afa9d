-- The highest power of each quarter hour beside the sums of its day: what several inverters reached together in a day is the highest sum,
-- not the sum of the highest, and was read from all quarter hours of a year (docs/decisions/0009-days-behind-a-boundary.md).

-- migrate:up
-- AC power, in order of time from the day's start on, one for each of its quarter hours; NULL where nothing was measured.
ALTER TABLE store.energy_day ADD COLUMN quarter_max_dw int[] NOT NULL DEFAULT '{}';
ALTER TABLE store.energy_day ALTER COLUMN quarter_max_dw DROP DEFAULT;
-- The worker makes all days anew; until then quarter hours are read.
TRUNCATE store.energy_day;
UPDATE store.counter SET days_until = NULL, days_zone = NULL WHERE days_zone IS NOT NULL;
CREATE OR REPLACE VIEW api.energy_day WITH (security_barrier) AS
  SELECT * FROM store.energy_day WHERE user_id = (SELECT api.current_user_id());

-- migrate:down
DROP VIEW api.energy_day;
ALTER TABLE store.energy_day DROP COLUMN quarter_max_dw;
CREATE VIEW api.energy_day WITH (security_barrier) AS
  SELECT * FROM store.energy_day WHERE user_id = (SELECT api.current_user_id());
GRANT SELECT ON api.energy_day TO {{app}};
