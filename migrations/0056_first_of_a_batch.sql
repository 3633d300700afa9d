-- Two samples of one moment in one batch: the database was told that the first of them is the new one, and the other repeats it, but
-- nothing made it store them in that order. Where a plan joined them the other way round, the first was lost.

-- migrate:up
-- only:plain
CREATE OR REPLACE FUNCTION store.append_hot(
-- end only
-- only:timescale
CREATE OR REPLACE FUNCTION api.append_samples(
-- end only
    user_ids int[], inverter_ids int[], times timestamptz[], power int[], power_dc int[], voltage int[], voltage_l2 int[],
    voltage_l3 int[], current_l1 int[], current_l2 int[], current_l3 int[], power_l1 int[], power_l2 int[], power_l3 int[],
    frequency int[], power_factor smallint[], temperature smallint[], yield_day int[], yield_total bigint[], statuses smallint[],
    dc_rows int[], dc_channels smallint[], dc_power int[], dc_voltage int[], dc_current int[], dc_yield_day int[],
    dc_yield_total bigint[], dc_irradiation int[])
  RETURNS TABLE (row_no int)
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH given AS MATERIALIZED (
      SELECT g.* FROM unnest(user_ids, inverter_ids, times, power, power_dc, voltage, voltage_l2, voltage_l3, current_l1, current_l2,
          current_l3, power_l1, power_l2, power_l3, frequency, power_factor, temperature, yield_day, yield_total, statuses)
        WITH ORDINALITY AS g (user_id, inverter_id, ts, power, power_dc, voltage, voltage_l2, voltage_l3, current_l1, current_l2,
          current_l3, power_l1, power_l2, power_l3, frequency, power_factor, temperature, yield_day, yield_total, status, row_no)
      -- A device deleted meanwhile drops out here.
      JOIN api.inverter i ON i.user_id = g.user_id AND i.id = g.inverter_id
    ), ac AS (
      INSERT INTO store.ac_sample (user_id, inverter_id, ts, power_dw, power_dc_dw, voltage_dv, voltage_l2_dv, voltage_l3_dv,
          current_ca, current_l2_ca, current_l3_ca, power_l1_dw, power_l2_dw, power_l3_dw, frequency_chz, power_factor_pm,
          temperature_ddegc, yield_day_wh, yield_total_wh, status)
        SELECT user_id, inverter_id, ts, power, power_dc, voltage, voltage_l2, voltage_l3, current_l1, current_l2, current_l3,
          power_l1, power_l2, power_l3, frequency, power_factor, temperature, yield_day, yield_total, status
        FROM given
        -- Of the same moment twice in one batch the first goes in, whichever way the planner joined them.
        ORDER BY row_no
        ON CONFLICT DO NOTHING
        RETURNING user_id, inverter_id, ts
    ), new_rows AS MATERIALIZED (
      -- The same moment twice in one batch: the first of them is the row that went in.
      SELECT min(g.row_no)::int AS row_no, g.user_id, g.inverter_id, g.ts
      FROM ac JOIN given g USING (user_id, inverter_id, ts) GROUP BY g.user_id, g.inverter_id, g.ts
    ), dc AS (
      INSERT INTO store.dc_sample (user_id, inverter_id, channel, ts, power_dw, voltage_dv, current_ca, yield_day_wh, yield_total_wh,
          irradiation_cpct)
        SELECT n.user_id, n.inverter_id, d.channel, n.ts, d.power, d.voltage, d.current, d.yield_day, d.yield_total, d.irradiation
        FROM unnest(dc_rows, dc_channels, dc_power, dc_voltage, dc_current, dc_yield_day, dc_yield_total, dc_irradiation)
          AS d (row_no, channel, power, voltage, current, yield_day, yield_total, irradiation)
        JOIN new_rows n USING (row_no)
        ON CONFLICT DO NOTHING
    )
    SELECT n.row_no FROM new_rows n
  $$;

-- migrate:down
-- only:plain
CREATE OR REPLACE FUNCTION store.append_hot(
-- end only
-- only:timescale
CREATE OR REPLACE FUNCTION api.append_samples(
-- end only
    user_ids int[], inverter_ids int[], times timestamptz[], power int[], power_dc int[], voltage int[], voltage_l2 int[],
    voltage_l3 int[], current_l1 int[], current_l2 int[], current_l3 int[], power_l1 int[], power_l2 int[], power_l3 int[],
    frequency int[], power_factor smallint[], temperature smallint[], yield_day int[], yield_total bigint[], statuses smallint[],
    dc_rows int[], dc_channels smallint[], dc_power int[], dc_voltage int[], dc_current int[], dc_yield_day int[],
    dc_yield_total bigint[], dc_irradiation int[])
  RETURNS TABLE (row_no int)
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH given AS MATERIALIZED (
      SELECT g.* FROM unnest(user_ids, inverter_ids, times, power, power_dc, voltage, voltage_l2, voltage_l3, current_l1, current_l2,
          current_l3, power_l1, power_l2, power_l3, frequency, power_factor, temperature, yield_day, yield_total, statuses)
        WITH ORDINALITY AS g (user_id, inverter_id, ts, power, power_dc, voltage, voltage_l2, voltage_l3, current_l1, current_l2,
          current_l3, power_l1, power_l2, power_l3, frequency, power_factor, temperature, yield_day, yield_total, status, row_no)
      -- A device deleted meanwhile drops out here.
      JOIN api.inverter i ON i.user_id = g.user_id AND i.id = g.inverter_id
    ), ac AS (
      INSERT INTO store.ac_sample (user_id, inverter_id, ts, power_dw, power_dc_dw, voltage_dv, voltage_l2_dv, voltage_l3_dv,
          current_ca, current_l2_ca, current_l3_ca, power_l1_dw, power_l2_dw, power_l3_dw, frequency_chz, power_factor_pm,
          temperature_ddegc, yield_day_wh, yield_total_wh, status)
        SELECT user_id, inverter_id, ts, power, power_dc, voltage, voltage_l2, voltage_l3, current_l1, current_l2, current_l3,
          power_l1, power_l2, power_l3, frequency, power_factor, temperature, yield_day, yield_total, status
        FROM given
        ON CONFLICT DO NOTHING
        RETURNING user_id, inverter_id, ts
    ), new_rows AS MATERIALIZED (
      -- The same moment twice in one batch: the first of them is the row that went in.
      SELECT min(g.row_no)::int AS row_no, g.user_id, g.inverter_id, g.ts
      FROM ac JOIN given g USING (user_id, inverter_id, ts) GROUP BY g.user_id, g.inverter_id, g.ts
    ), dc AS (
      INSERT INTO store.dc_sample (user_id, inverter_id, channel, ts, power_dw, voltage_dv, current_ca, yield_day_wh, yield_total_wh,
          irradiation_cpct)
        SELECT n.user_id, n.inverter_id, d.channel, n.ts, d.power, d.voltage, d.current, d.yield_day, d.yield_total, d.irradiation
        FROM unnest(dc_rows, dc_channels, dc_power, dc_voltage, dc_current, dc_yield_day, dc_yield_total, dc_irradiation)
          AS d (row_no, channel, power, voltage, current, yield_day, yield_total, irradiation)
        JOIN new_rows n USING (row_no)
        ON CONFLICT DO NOTHING
    )
    SELECT n.row_no FROM new_rows n
  $$;
