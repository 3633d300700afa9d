-- What many devices told of themselves is written in one statement and one transaction: after a start all of a fleet tell it at once.

-- migrate:up
DROP FUNCTION api.note_device_facts(int, int, int, int, text, text, smallint[], text[]);

-- What devices said about themselves, learnt from their readings: rated power, inputs, serials, names of inputs. Each device once; a
-- row of an input says of which of them it is, counted from 1. Unsaid ones are kept as they were, and what is known already is not written:
-- then nothing is to be committed.
CREATE FUNCTION api.note_devices_facts(user_ids int[], inverter_ids int[], rated int[], mppts int[], own_serials text[],
                                       via_gateways text[], channel_rows int[], channels smallint[], channel_names text[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH told AS MATERIALIZED (
      SELECT t.* FROM unnest(user_ids, inverter_ids, rated, mppts, own_serials, via_gateways) WITH ORDINALITY
        AS t (user_id, inverter_id, rated, mppts, own_serial, via_gateway, row_no)
    ), told_inputs AS MATERIALIZED (
      SELECT t.user_id, t.inverter_id, n.channel, n.name
      FROM unnest(channel_rows, channels, channel_names) AS n (row_no, channel, name) JOIN told t USING (row_no)
    ), changed AS MATERIALIZED (
      SELECT t.* FROM told t JOIN api.inverter i ON i.user_id = t.user_id AND i.id = t.inverter_id
      WHERE (coalesce(t.rated, i.device_rated_power_w), coalesce(t.mppts, i.device_mppt_count),
             coalesce(t.own_serial, i.inverter_serial), coalesce(t.via_gateway, i.gateway_serial))
            IS DISTINCT FROM (i.device_rated_power_w, i.device_mppt_count, i.inverter_serial, i.gateway_serial)
        OR (t.user_id, t.inverter_id) IN (
          SELECT n.user_id, n.inverter_id FROM told_inputs n
          LEFT JOIN api.channel c ON c.user_id = n.user_id AND c.inverter_id = n.inverter_id AND c.channel = n.channel
          WHERE c.channel IS NULL OR coalesce(n.name, c.device_name) IS DISTINCT FROM c.device_name)
      -- Two that write the same devices wait for each other, and none for one that waits for it.
      ORDER BY i.user_id, i.id FOR NO KEY UPDATE OF i
    ), described AS (
      UPDATE api.inverter i
        SET device_rated_power_w = coalesce(n.rated, i.device_rated_power_w),
            device_mppt_count = coalesce(n.mppts::smallint, i.device_mppt_count),
            inverter_serial = coalesce(n.own_serial, i.inverter_serial),
            gateway_serial = coalesce(n.via_gateway, i.gateway_serial)
        FROM changed n WHERE i.user_id = n.user_id AND i.id = n.inverter_id
    ), named AS (
      INSERT INTO api.channel AS c (user_id, inverter_id, channel, device_name)
        SELECT user_id, inverter_id, n.channel, n.name FROM changed JOIN told_inputs n USING (user_id, inverter_id) ORDER BY 1, 2, 3
        ON CONFLICT (user_id, inverter_id, channel) DO UPDATE SET device_name = coalesce(excluded.device_name, c.device_name)
    )
    -- Open pages show its inputs at once, not with its next reading.
    SELECT pg_notify('deye_hard_account', format('%s:described:%s', user_id, inverter_id)) FROM changed
  $$;
REVOKE ALL ON FUNCTION api.note_devices_facts(int[], int[], int[], int[], text[], text[], int[], smallint[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.note_devices_facts(int[], int[], int[], int[], text[], text[], int[], smallint[], text[]) TO {{ingest}};

-- migrate:down
DROP FUNCTION api.note_devices_facts(int[], int[], int[], int[], text[], text[], int[], smallint[], text[]);
CREATE FUNCTION api.note_device_facts(of_user int, of_inverter int, rated int, mppts int, own_serial text, via_gateway text,
                                      channels smallint[], channel_names text[]) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    UPDATE api.inverter i
      SET device_rated_power_w = coalesce(rated, i.device_rated_power_w),
          device_mppt_count = coalesce(mppts::smallint, i.device_mppt_count),
          inverter_serial = coalesce(own_serial, i.inverter_serial),
          gateway_serial = coalesce(via_gateway, i.gateway_serial)
      WHERE i.user_id = of_user AND i.id = of_inverter;
    INSERT INTO api.channel AS c (user_id, inverter_id, channel, device_name)
      SELECT i.user_id, i.id, d.channel, d.name
      FROM api.inverter i, unnest(channels, channel_names) AS d (channel, name)
      WHERE i.user_id = of_user AND i.id = of_inverter
      ON CONFLICT (user_id, inverter_id, channel) DO UPDATE SET device_name = coalesce(excluded.device_name, c.device_name)
  $$;
REVOKE ALL ON FUNCTION api.note_device_facts(int, int, int, int, text, text, smallint[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api.note_device_facts(int, int, int, int, text, text, smallint[], text[]) TO {{ingest}};
