import type { FunctionPolicy } from './function-rule.ts';

const BY_LINK = 'answers whoever knows the link’s 256 bits of chance';

/** The functions of sign-up, mails and credentials. */
export const ACCOUNT_FUNCTIONS: Readonly<Record<string, FunctionPolicy>> = {
  'store.announce_session_change': { execute: [], definer: 'owner' },
  'store.announce_account_change': { execute: [], definer: 'owner' },
  'api.queue_mail': {
    execute: ['app', 'admin'],
    definer: 'owner',
    foreign: 'writes for whom it is given, and answers nothing',
  },
  'api.note_failed_sign_in': {
    execute: ['app'],
    definer: 'owner',
    foreign: 'writes into a log that no login may read, and answers nothing',
  },
  'api.sign_up': {
    execute: ['app'],
    definer: 'owner',
    foreign: 'makes an account of its own, or answers that there is one; the service tells nobody',
  },
  'api.account_token': { execute: ['app'], definer: 'owner', foreign: BY_LINK },
  'api.confirm_address': { execute: ['app'], definer: 'owner', foreign: BY_LINK },
  'api.reset_password': { execute: ['app'], definer: 'owner', foreign: BY_LINK },
  'api.issue_account_token': {
    execute: ['app'],
    definer: 'owner',
    foreign: {
      args: () => ({
        of_purpose: `'verify'`,
        of_hash: `sha256(gen_random_uuid()::text::bytea)`,
        at: 'now()',
        until: `(now() + interval '1 hour')`,
      }),
      takesNoIds: true,
    },
  },
  'api.change_password': {
    execute: ['app'],
    definer: 'owner',
    foreign: { args: () => ({ new_hash: `gen_random_uuid()::text`, at: 'now()' }), takesNoIds: true },
  },
  'api.renew_password_hash': {
    execute: ['app'],
    definer: 'owner',
    foreign: { args: () => ({ old_hash: `'x'`, new_hash: `'y'` }), readsOnly: true },
  },
  'api.two_factor': { execute: ['app'], definer: 'owner', foreign: { args: () => ({}), readsOnly: true } },
  'api.begin_two_factor': {
    execute: ['app'],
    definer: 'owner',
    foreign: { args: () => ({ sealed_seed: `'x'`, at: 'now()' }), readsOnly: true },
  },
  'api.confirm_two_factor': {
    execute: ['app'],
    definer: 'owner',
    foreign: { args: () => ({ step: '7', at: 'now()' }), readsOnly: true },
  },
  'api.take_two_factor_step': {
    execute: ['app'],
    definer: 'owner',
    foreign: { args: () => ({ step: '99999999' }), takesNoIds: true, readsOnly: true },
  },
  'api.take_recovery_code': {
    execute: ['app'],
    definer: 'owner',
    foreign: { args: () => ({ hash: `sha256('nothing'::bytea)`, at: 'now()' }), readsOnly: true },
  },
  'api.replace_recovery_codes': {
    execute: ['app'],
    definer: 'owner',
    foreign: {
      args: () => ({ code_hashes: `ARRAY[sha256(gen_random_uuid()::text::bytea)]`, at: 'now()' }),
      takesNoIds: true,
    },
  },
  'api.remove_two_factor': {
    execute: ['app'],
    definer: 'owner',
    foreign: { args: () => ({ at: 'now()' }), takesNoIds: true, readsOnly: true },
  },
  'api.own_mails': {
    execute: ['app'],
    definer: 'owner',
    foreign: 'takes whose they are from the tenant; takeout.test.ts',
  },
  'api.own_log': { execute: ['app'], definer: 'owner', foreign: 'takes whose it is from the tenant; takeout.test.ts' },
  'api.own_claims': {
    execute: ['app'],
    definer: 'owner',
    foreign: 'takes whose they are from the tenant; takeout.test.ts',
  },
  'api.own_visits': {
    execute: ['app'],
    definer: 'owner',
    foreign: 'takes whose they are from the tenant; takeout.test.ts',
  },
  'api.own_links': {
    execute: ['app'],
    definer: 'owner',
    foreign: 'takes whose they are from the tenant; takeout.test.ts',
  },
  'store.announce_account_news': { execute: [], definer: 'owner' },
  'store.announce_key_end': { execute: [], definer: 'owner' },
  'api.describe_anybodys_inverter': {
    execute: ['app'],
    definer: 'owner',
    foreign: {
      args: ({ serial }) => ({ of_serial: `'${serial}'`, rated: '4242', mppts: '2' }),
      // Of no account but an administrator's, not even its own.
      readsOnly: true,
    },
  },
  'api.admit_attempt': { execute: ['app'], definer: 'owner', foreign: 'counts hashes that belong to no account' },
  'api.settle_attempt': { execute: ['app'], definer: 'owner', foreign: 'counts hashes that belong to no account' },
  'api.delete_account': {
    execute: ['app'],
    definer: 'owner',
    foreign: 'takes whose account it is from the tenant; done for real in account-flows.test.ts',
  },
};
