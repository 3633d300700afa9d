import type { Tx } from '../db/as-tenant.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';

/**
 * What an account has beside measurements, as its owner takes it along: the API's names, no secrets. Lists that may be long are read page by
 * page, by their ids.
 */
export type Row = Record<string, unknown>;

const PAGE = 1_000;

/**
 * Where in an archive each table of an account is to be found; of one that is in none, why it is not. A table that a migration adds is to be
 * named here.
 */
export const TAKEN_FROM: Readonly<Record<string, string>> = {
  'api.user_account': 'account.json',
  'api.site': 'account.json',
  'api.api_key': 'account.json',
  'api.visit': 'account.json',
  'api.takeout': 'account.json',
  'store.account_token': 'account.json',
  'store.two_factor': 'account.json',
  'api.session': 'sessions.json',
  'store.mail': 'mails.json',
  'api.audit_log': 'log.json',
  'api.inverter': 'devices.json',
  'api.channel': 'devices.json',
  'api.gateway': 'devices.json',
  'api.claim': 'devices.json',
  'api.pending_device': 'devices.json',
  'store.counter': 'devices.json',
  'api.pending_reading': 'pending-readings.json',
  'api.quality_event': 'events.json',
  'store.raw_frame': 'frames.json',
  'store.decoded_frame': 'decoded-frames.json',
  'store.energy_15m': 'energy-15m.csv',
  'store.ac_sample': 'samples-*.csv',
  'store.dc_sample': 'samples-*.csv',
  'store.ac_packed': 'samples-*.csv',
  'store.dc_packed': 'samples-*.csv',
};
export const NOT_TAKEN: Readonly<Record<string, string>> = {
  'api.takeout_piece': 'is the archive itself, or the one before',
  'store.recovery_code': 'a check sum of a secret that only its owner has',
  'store.energy_day': 'sums of energy-15m.csv, kept for speed',
  'store.fold_day': 'where the sums of energy-15m.csv were up to at the end of a day; nothing of its own',
  'store.late_sample': 'notes which of the samples are yet to be booked, for some minutes',
  'store.job': 'work that is to be done, such as the removal of what was deleted',
};

/** The account itself and what is short. */
export async function accountFacts(tx: Tx, userId: UserId): Promise<Row> {
  const { rows } = await tx.query<{ account: Row }>(
    `SELECT json_build_object(
       'id', u.id, 'email', u.email, 'first_name', u.first_name, 'last_name', u.last_name, 'locale', u.locale,
       'is_admin', u.is_admin, 'verified_at', u.verified_at, 'created_at', u.created_at, 'auto_add', u.auto_add,
       'has_second_factor', EXISTS (SELECT FROM api.two_factor() f WHERE f.is_on),
       'sites', (SELECT coalesce(json_agg(json_build_object('id', s.id, 'name', s.name, 'time_zone', s.time_zone,
                   'latitude', s.latitude, 'longitude', s.longitude, 'created_at', s.created_at) ORDER BY s.id), '[]')
                 FROM api.site s WHERE s.user_id = u.id),
       'api_keys', (SELECT coalesce(json_agg(json_build_object('id', k.id, 'name', k.name, 'scope', k.scope, 'hint', k.hint,
                      'created_at', k.created_at, 'expires_at', k.expires_at, 'revoked_at', k.revoked_at,
                      'last_used_at', k.last_used_at) ORDER BY k.id), '[]')
                    FROM api.api_key k WHERE k.user_id = u.id),
       'links', (SELECT coalesce(json_agg(l), '[]') FROM api.own_links() l),
       'visits', (SELECT coalesce(json_agg(v), '[]') FROM api.own_visits() v),
       'takeouts', (SELECT coalesce(json_agg(json_build_object('requested_at', t.requested_at, 'locale', t.locale, 'state', t.state,
                      'ready_at', t.ready_at, 'expires_at', t.expires_at) ORDER BY t.id), '[]')
                    FROM api.takeout t WHERE t.user_id = u.id)
     ) AS account FROM api.user_account u WHERE u.id = $1`,
    [userId],
  );
  return rows[0]?.account ?? {};
}

/** Inverters with their inputs, the gateways that speak for them, and what waits in the inbox. */
export async function deviceFacts(tx: Tx, userId: UserId): Promise<Row> {
  const { rows } = await tx.query<{ devices: Row }>(
    `SELECT json_build_object(
       'inverters', (SELECT coalesce(json_agg(json_build_object('id', i.id, 'site_id', i.site_id, 'kind', i.kind, 'serial', i.serial,
           'name', i.name, 'rated_power_w', i.rated_power_w, 'device_rated_power_w', i.device_rated_power_w,
           'mppt_count', i.mppt_count, 'device_mppt_count', i.device_mppt_count, 'inverter_serial', i.inverter_serial,
           'gateway_serial', i.gateway_serial, 'waiting', i.waiting, 'created_at', i.created_at,
           'counter', (SELECT json_build_object('first_good_wh', c.first_good_wh, 'booked_wh', c.booked_wh,
                         'counter_wh', c.counter_wh, 'last_sampled_at', c.last_ts, 'last_received_at', c.last_received_at,
                         'interval_s', c.interval_s)
                       FROM api.counter c WHERE c.user_id = $1 AND c.inverter_id = i.id),
           'channels', (SELECT coalesce(json_agg(json_build_object('channel', c.channel, 'name', c.name, 'device_name', c.device_name,
                          'peak_power_w', c.peak_power_w) ORDER BY c.channel), '[]')
                        FROM api.channel c WHERE c.user_id = $1 AND c.inverter_id = i.id)) ORDER BY i.id), '[]')
         FROM api.inverter i WHERE i.user_id = $1),
       'gateways', (SELECT coalesce(json_agg(json_build_object('kind', g.kind, 'serial', g.serial, 'facts', g.facts,
           'first_seen_at', g.first_seen_at, 'last_seen_at', g.last_seen_at, 'last_address', g.last_address) ORDER BY g.id), '[]')
         FROM api.gateway g WHERE g.user_id = $1),
       'claims', (SELECT coalesce(json_agg(c), '[]') FROM api.own_claims() c),
       'pending', (SELECT coalesce(json_agg(json_build_object('kind', p.kind, 'serial', p.serial, 'name', p.name,
           'gateway_serial', p.gateway_serial, 'first_seen_at', p.first_seen_at, 'last_seen_at', p.last_seen_at)
           ORDER BY p.kind, p.serial), '[]')
         FROM api.pending_device p WHERE p.user_id = $1)
     ) AS devices`,
    [userId],
  );
  return rows[0]?.devices ?? {};
}

/** A page of a list: what comes after `after`, which is null at first, with the place where the next begins. */
export type ReadPage = (tx: Tx, after: unknown) => Promise<{ rows: Row[]; next: unknown }>;

function pages(text: string, values: readonly unknown[], first: unknown): ReadPage {
  return async (tx, after) => {
    const { rows } = await tx.query<Row & { place: unknown }>(text, [...values, after ?? first, PAGE]);
    return {
      rows: rows.map(({ place: _, ...row }) => row),
      next: rows.length < PAGE ? null : rows.at(-1)?.place,
    };
  };
}

export function sessionPages(userId: UserId): ReadPage {
  return pages(
    `SELECT id AS place, created_at, last_used_at, expires_at, ended_at, address, user_agent FROM api.session
     WHERE user_id = $1 AND id > $2::uuid ORDER BY id LIMIT $3`,
    [userId],
    '00000000-0000-0000-0000-000000000000',
  );
}

export function mailPages(): ReadPage {
  return pages('SELECT id AS place, kind, created_at, sent_at FROM api.own_mails($1, $2)', [], 0);
}

export function logPages(): ReadPage {
  return pages('SELECT id AS place, at, action, detail, by_another, address FROM api.own_log($1, $2)', [], 0);
}

export function eventPages(userId: UserId, inverterId: InverterId): ReadPage {
  return pages(
    `SELECT id AS place, id, at AS time, kind, channel, detail FROM api.quality_event
     WHERE user_id = $1 AND inverter_id = $2 AND id > $3 ORDER BY id LIMIT $4`,
    [userId, inverterId],
    0,
  );
}

/**
 * Payloads nothing could be made of, and those that wait for their date. Not the date such a one would get for want of a better: a
 * reckoning in between, of which the sample's own time remains.
 */
export function framePages(userId: UserId, inverterId: InverterId): ReadPage {
  return pages(
    `SELECT id AS place, received_at, layout, reason, encode(bytes, 'hex') AS payload_hex FROM api.raw_frame
     WHERE user_id = $1 AND inverter_id = $2 AND id > $3 ORDER BY id LIMIT $4`,
    [userId, inverterId],
    0,
  );
}

/** Payloads that were understood, as long as they are kept. */
export function decodedFramePages(userId: UserId, inverterId: InverterId): ReadPage {
  return pages(
    `SELECT sampled_at::text AS place, sampled_at, received_at, layout, encode(bytes, 'hex') AS payload_hex FROM api.decoded_frame
     WHERE user_id = $1 AND inverter_id = $2 AND sampled_at > $3::timestamptz ORDER BY sampled_at LIMIT $4`,
    [userId, inverterId],
    '-infinity',
  );
}

/** What unregistered devices sent in the last two days. */
export function pendingReadingPages(userId: UserId): ReadPage {
  return pages(
    `SELECT concat_ws('|', kind, serial, sampled_at) AS place, kind, serial, sampled_at, received_at, reading FROM api.pending_reading
     WHERE user_id = $1 AND concat_ws('|', kind, serial, sampled_at) > $2 ORDER BY 1 LIMIT $3`,
    [userId],
    '',
  );
}
