import type { Column, Relation } from './catalogue.ts';

/**
 * What each serving login may do, and nothing else: the matrix expects a refusal, or no rows, for all that is not said here. A new
 * table, view or sequence needs no line while nobody may touch it; a new grant needs one, or the matrix fails.
 */

export const LOGINS = ['app', 'ingest', 'admin'] as const;
export type Login = (typeof LOGINS)[number];

/** With rows of the tenant that is set; without a tenant, or with another's rows, the same statements must find nothing. */
export interface Rights {
  select?: 'every column' | { everyColumnBut: readonly string[] };
  /** The columns an INSERT may name. */
  insert?: readonly string[];
  /** Whatever tenant the row names: for what is only ever written. */
  insertsForAnybody?: true;
  update?: readonly string[];
  delete?: true;
}

const READ: Rights = { select: 'every column' };

export const RIGHTS: Readonly<Record<Login, Readonly<Record<string, Rights>>>> = {
  app: {
    'api.user_account': {
      select: { everyColumnBut: ['password_hash'] },
      update: ['first_name', 'last_name', 'locale', 'auto_add'],
    },
    'api.session': {
      select: 'every column',
      insert: ['id', 'user_id', 'created_at', 'last_used_at', 'expires_at', 'ended_at', 'address', 'user_agent'],
      update: ['last_used_at', 'expires_at', 'ended_at'],
    },
    'api.api_key': {
      select: { everyColumnBut: ['key_hash'] },
      insert: [
        ...['id', 'user_id', 'name', 'scope', 'key_hash', 'hint', 'created_at', 'expires_at', 'revoked_at'],
        'last_used_at',
      ],
      update: ['name', 'revoked_at', 'last_used_at'],
    },
    'api.site': { select: 'every column', update: ['name', 'time_zone', 'latitude', 'longitude'] },
    'api.audit_log': { insert: ['actor_id', 'user_id', 'action', 'detail', 'address'] },
    'api.inverter': {
      select: 'every column',
      insert: ['user_id', 'site_id', 'kind', 'serial', 'name', 'waiting', 'rated_power_w'],
      update: ['name', 'rated_power_w', 'mppt_count', 'site_id'],
    },
    'api.channel': {
      select: 'every column',
      insert: ['user_id', 'inverter_id', 'channel', 'name', 'peak_power_w'],
      update: ['name', 'peak_power_w'],
    },
    'api.takeout': {
      select: 'every column',
      insert: ['user_id', 'locale', 'requested_at', 'run_after', 'expires_at'],
      update: ['state', 'run_after', 'attempts', 'progress_pct', 'ready_at', 'expires_at', 'bytes'],
    },
    'api.takeout_piece': {
      select: 'every column',
      insert: ['user_id', 'takeout_id', 'number', 'bytes'],
      delete: true,
    },
    'api.gateway': READ,
    'api.pending_device': { select: 'every column', delete: true },
    'api.pending_reading': READ,
    'api.quality_event': READ,
    'api.ac_sample': READ,
    'api.dc_sample': READ,
    'api.energy_15m': READ,
    'api.energy_day': READ,
    'api.counter': READ,
    'api.raw_frame': READ,
    'api.decoded_frame': READ,
  },
  // Functions only, and nobody's history.
  ingest: {},
  admin: {},
};

/** Relations whose rows are nobody's in particular, with the reason. Every other table and view needs a column `user_id`. */
export const WITHOUT_TENANT: Readonly<Record<string, string>> = {
  'api.setup_token': 'the installation’s, before there is an account',
  'store.installation': 'which engine the samples lie in',
  'store.job_run': 'how maintenance went',
  'store.packing': 'up to when samples are packed',
  'store.process': 'the heartbeats of this installation',
  'store.attempt': 'hashes of what was tried, by whoever',
  'store.unclaimed_logger': 'loggers that nobody has claimed',
  'store.tls_attempt': 'peers that told no serial',
  'migration.kysely_migration': 'which migrations were applied',
  'migration.kysely_migration_lock': 'who is migrating',
};

/**
 * Unique over all accounts, so that a conflict tells that somebody has the value already: each must be a surrogate, a secret, or an
 * answer the product gives anyway.
 */
export const UNIQUE_OVER_ALL_ACCOUNTS: Readonly<Record<string, string>> = {
  user_account_email: 'no serving login may write addresses',
  account_token_pkey: 'a hash of 256 bits of chance',
  api_key_key_hash_key: 'a hash of 79 bits of chance',
  inverter_active_logger: 'a logger belongs to one account only, and whoever adds it again is told so',
};

export function rightsOf(login: Login, relation: Relation): Rights {
  return RIGHTS[login][relation.id] ?? {};
}

export function readableColumns({ select }: Rights, columns: readonly Column[]): Set<string> {
  if (select === undefined) return new Set();
  const hidden = select === 'every column' ? [] : select.everyColumnBut;
  return new Set(columns.map((c) => c.name).filter((name) => !hidden.includes(name)));
}
