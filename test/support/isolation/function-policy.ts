import { ACCOUNT_FUNCTIONS } from './account-functions.ts';
import { ADMIN_FUNCTIONS } from './admin-functions.ts';
import type { CallTarget, FunctionPolicy } from './function-rule.ts';

const array = (value: string | number): string => `ARRAY[${value}]`;
const pair = ({ user, inverter }: CallTarget) => ({ user_ids: array(user), inverter_ids: array(inverter) });
const event = ({ user, inverter }: CallTarget): string =>
  `json_build_array(json_build_object('user_id', ${user}, 'inverter_id', ${inverter}, 'at', now(), 'kind', 'gap'))`;

/** Only the owner: parts of other functions, and what the worker and the command line use. */
const OWNERS_OWN = [
  'api.insert_account',
  'store.make_partition',
  'store.make_partitions',
  'store.add_arrays',
  'store.max_arrays',
  'store.partition_name',
  'store.weeks_before',
  'store.next_sample_day',
  'store.pack',
  'store.pack_week',
  'store.advance_packing',
  'store.late_inverters',
  'store.merge_late',
  'store.drop_samples',
  'store.deltas',
  'store.measured_columns',
  'store.key_columns',
  'store.fingerprint',
  'store.delete_measurements',
  'store.take_samples',
];

/** Every function of the database; one that is not here fails the test. */
export const FUNCTIONS: Readonly<Record<string, FunctionPolicy>> = {
  ...ACCOUNT_FUNCTIONS,
  ...ADMIN_FUNCTIONS,
  ...Object.fromEntries(OWNERS_OWN.map((id) => [id, { execute: [] }])),
  'store.announce_device_change': { execute: [], definer: 'owner' },
  'store.remember_removed': { execute: [], definer: 'owner' },
  'store.append_hot': { execute: [], definer: 'owner' },
  'api.current_user_id': { execute: ['lookup', 'app', 'ingest', 'admin'] },

  'api.auth_user': {
    execute: ['app'],
    definer: 'lookup',
    foreign: 'answers whoever knows the address, before there is a tenant',
  },
  'api.auth_session': {
    execute: ['app'],
    definer: 'lookup',
    foreign: 'answers whoever knows the session’s 122 bits of chance',
  },
  'api.auth_key': { execute: ['app'], definer: 'lookup', foreign: 'answers whoever knows the key’s hash' },
  'api.is_setup_token': { execute: ['app'], definer: 'lookup', foreign: 'yes or no about the installation' },
  'api.is_only_account': { execute: ['app'], definer: 'lookup', foreign: 'yes or no about the installation' },
  'api.has_administrator': { execute: ['app'], definer: 'lookup', foreign: 'yes or no about the installation' },
  'api.create_first_admin': {
    execute: ['app'],
    definer: 'owner',
    foreign: {
      args: () => ({ wanted_hash: `decode(repeat('00', 32), 'hex')`, new_email: `'x@example.org'` }),
      readsOnly: true,
    },
  },
  'api.remove_inverter': {
    execute: ['app'],
    definer: 'owner',
    foreign: { args: ({ inverter }) => ({ of_inverter: String(inverter) }) },
  },
  'api.heartbeat': { execute: ['app', 'ingest'], definer: 'owner', foreign: 'processes belong to no account' },
  'api.process_gone': { execute: ['app', 'ingest'], definer: 'owner', foreign: 'processes belong to no account' },
  'api.note_figures': { execute: ['app'], definer: 'owner', foreign: 'processes belong to no account' },
  'api.processes': { execute: ['app'], definer: 'owner', foreign: 'processes belong to no account' },

  'api.resolve': {
    execute: ['ingest'],
    definer: 'lookup',
    foreign: {
      args: ({ user, serial }) => ({ wanted_kind: `'opendtu'`, of_user: String(user), serials: array(`'${serial}'`) }),
      readsOnly: true,
    },
  },
  'api.note_gateway': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: 'writes for the account it is given, and answers nothing',
  },
  'api.note_pending': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: 'writes for the account it is given, and answers nothing',
  },
  'api.keep_pending': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: {
      args: ({ user, serial }) => ({
        of_user: String(user),
        of_kind: `'opendtu'`,
        serials: array(`'${serial}'`),
        times: 'ARRAY[now()]',
        readings: `ARRAY['{}']`,
        seen_at: 'now()',
        most_of_device: '10',
        most_of_account: '100000',
      }),
      // It keeps nothing of what is not in the account's own inbox.
      readsOnly: true,
    },
  },
  'api.auto_add': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: 'adds to the account it is given, answers how many',
  },
  'api.added_pending': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: 'books over all accounts, each for itself; tells whose and which, and nothing measured',
  },
  'api.pending_readings': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: {
      args: ({ user, serial }) => ({
        of_user: String(user),
        of_kind: `'opendtu'`,
        of_serial: `'${serial}'`,
        at_most: '10',
      }),
      readsOnly: true,
    },
  },
  'api.forget_pending': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: {
      args: ({ user, serial }) => ({
        of_user: String(user),
        of_kind: `'opendtu'`,
        of_serial: `'${serial}'`,
        times: 'ARRAY[now()]',
      }),
      readsOnly: true,
    },
  },
  'api.note_unclaimed': { execute: ['ingest'], definer: 'owner', foreign: 'unclaimed loggers belong to no account' },
  'api.note_devices_facts': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: {
      args: (of) => ({
        ...pair(of),
        rated: array(4242),
        channel_rows: array(1),
        channels: `'{7}'`,
        channel_names: `'{Carport}'`,
      }),
    },
  },
  'api.holding': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: 'answers the collector which loggers have samples waiting, and nothing of them',
  },
  'api.held_frames': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: {
      args: ({ user, inverter }) => ({ of_user: String(user), of_inverter: String(inverter) }),
      readsOnly: true,
    },
  },
  'api.claim_frames': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: {
      args: ({ user, inverter }) => ({
        user_ids: `array_fill(${user}, ARRAY[9999])`,
        inverter_ids: `array_fill(${inverter}, ARRAY[9999])`,
        ids: 'ARRAY(SELECT generate_series(1, 9999))',
      }),
    },
  },
  'api.give_up_frames': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: {
      args: ({ user, inverter }) => ({
        of_user: String(user),
        of_inverter: String(inverter),
        ids: 'ARRAY(SELECT generate_series(1, 9999))',
      }),
      // None of theirs waits for a date.
      readsOnly: true,
    },
  },
  'api.claims_of': {
    execute: ['ingest'],
    definer: 'lookup',
    foreign: 'answers the collector who waits for a serial, before it is anybody’s',
  },
  'api.unclaimed_seen': { execute: ['ingest'], definer: 'owner', foreign: 'loggers that nobody has claimed' },
  'api.prove_claim': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: {
      args: ({ user, inverter }) => ({
        of_user: String(user),
        of_inverter: String(inverter),
        how: `'power_cycle'`,
        at: 'now()',
      }),
      // Its own does not wait.
      readsOnly: true,
    },
  },
  'api.note_tls': { execute: ['ingest'], definer: 'owner', foreign: 'a hello belongs to no account' },
  'api.ask_restart': {
    execute: ['app'],
    definer: 'owner',
    foreign: {
      args: ({ inverter }) => ({ of_inverter: String(inverter), at: 'now()', most_a_day: '5' }),
      readsOnly: true,
    },
  },
  'api.release_logger': {
    execute: ['app'],
    definer: 'owner',
    foreign: { args: ({ inverter }) => ({ of_inverter: String(inverter), at: 'now()' }), readsOnly: true },
  },
  'api.claim_state': {
    execute: ['app'],
    definer: 'owner',
    foreign: { args: ({ inverter }) => ({ of_inverter: String(inverter) }), readsOnly: true },
  },
  'api.note_visit': { execute: ['app'], definer: 'owner', foreign: 'writes for the tenant of the transaction only' },
  'api.tls_nearby': {
    execute: ['app'],
    definer: 'owner',
    foreign: 'what came from the tenant’s own address, which it was told is its own',
  },
  'api.lock_counters': { execute: ['ingest'], definer: 'owner', foreign: { args: pair, readsOnly: true } },
  'api.append_samples': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: { args: (of) => ({ ...pair(of), times: `ARRAY[now()]`, statuses: `'{0}'` }) },
  },
  'api.samples_from': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: 'answers the ingest login, which stores for every account, when samples are there, and no value of them',
  },
  'api.book': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: {
      args: (of) => ({
        ...pair(of),
        folds: `'{null}'`,
        first_good: `ARRAY['{7}']`,
        booked: `ARRAY['{7}']`,
        counters: `ARRAY['{7}']`,
        e_user_ids: array(of.user),
        e_inverter_ids: array(of.inverter),
        e_times: `ARRAY[date_trunc('hour', now())]`,
        ...Object.fromEntries(
          ['e_energy', 'e_estimated', 'e_power_sum', 'e_power_count', 'e_power_max'].map((name) => [
            name,
            `ARRAY['{7}']`,
          ]),
        ),
        events: event(of),
      }),
    },
  },
  'api.note_late': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: { args: (of) => ({ ...pair(of), times: 'ARRAY[now()]' }) },
  },
  'api.keep_folds': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: {
      args: (of) => ({ ...pair(of), days: 'ARRAY[now()]', folds: `ARRAY['{}']` }),
    },
  },
  'api.note_events': { execute: ['ingest'], definer: 'owner', foreign: { args: (of) => ({ events: event(of) }) } },
  'api.keep_raw': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: {
      args: ({ user, inverter }) => ({
        of_user: String(user),
        of_inverter: String(inverter),
        at: 'now()',
        of_layout: `'unknown'`,
        why: `'no layout'`,
        payload: `'\\x00'`,
      }),
    },
  },
  'api.keep_decoded': {
    execute: ['ingest'],
    definer: 'owner',
    foreign: {
      args: (of) => ({
        ...pair(of),
        sampled: 'ARRAY[now()]',
        received: 'ARRAY[now()]',
        layouts: `ARRAY['0x5408']`,
        payloads: `ARRAY['\\x00'::bytea]`,
      }),
    },
  },
};
