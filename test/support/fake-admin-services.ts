import { Conflict, InvalidInput, NotFound } from '../../src/domain/errors.ts';
import type { AdminOverview, AdminService, Part } from '../../src/services/admin/admin-service.ts';
import type { AdminAccountRow } from '../../src/store/admin-accounts.ts';
import type { AuditRow, MailRow } from '../../src/store/admin-operation.ts';
import { memberOf } from './test-app.ts';

/** The administrator's account in tests without a database. */
export const ADMIN_ID = 77;
export const fakeAdmin = { ...memberOf(ADMIN_ID), email: 'admin@example.org', isAdmin: true };

/** What the pages of administration work on, in memory. */
export interface FakeAdministration {
  accounts: AdminAccountRow[];
  mails: MailRow[];
  audit: AuditRow[];
  overview: AdminOverview;
  /** What was done, in words. */
  acts: string[];
}

const NOON = new Date('2026-06-15T12:00:00Z');
const ago = (seconds: number): Date => new Date(NOON.getTime() - seconds * 1000);
const DAY_S = 86_400;
const LONG =
  'donaudampfschifffahrtsgesellschaftskapitaenswitwe.erika-maria.muster-mustermann@solarverein-niederoesterreich.example';

function account(id: number, of: Partial<AdminAccountRow>): AdminAccountRow {
  return {
    id,
    email: `member${id}@example.org`,
    firstName: 'Erika',
    lastName: 'Muster',
    isAdmin: false,
    verifiedAt: ago(40 * DAY_S),
    disabledAt: null,
    createdAt: ago(41 * DAY_S),
    hasTwoFactor: false,
    inverters: 2,
    apiKeys: 1,
    sessions: 2,
    lastUsedAt: ago(300),
    ...of,
  };
}

export function fakeAdministration(): FakeAdministration {
  return {
    accounts: [
      account(ADMIN_ID, { email: fakeAdmin.email, isAdmin: true, hasTwoFactor: true }),
      account(12, {
        email: LONG,
        firstName: '<b>Erika</b>',
        verifiedAt: null,
        inverters: 0,
        sessions: 0,
        lastUsedAt: null,
      }),
      account(11, { disabledAt: ago(DAY_S), sessions: 0 }),
      account(1, {}),
    ],
    mails: [
      mail(9, { state: 'waiting', attempts: 3, lastError: '451 4.7.1 Greylisted, please try again later' }),
      mail(8, {}),
    ],
    audit: [
      entry(8, { action: 'account.create', userId: 1, detail: { by: 'command line', is_admin: false } }),
      entry(7, {
        action: 'energy.recomputed',
        userId: 1,
        detail: {
          ...{ inverter_id: 7, from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' },
          ...{ before_wh: 2_113_405, after_wh: 84_220, quarters_changed: 96 },
        },
      }),
      entry(6, {
        action: 'site.time_zone',
        actorId: 1,
        userId: 1,
        detail: { site_id: 3, from: 'Europe/Berlin', to: 'Europe/Vienna' },
      }),
      entry(5, {
        action: 'admin.disable',
        actorId: ADMIN_ID,
        actorEmail: fakeAdmin.email,
        userId: 11,
        userEmail: 'member11@example.org',
      }),
      entry(4, { action: 'sign-in.failed', userId: 12, userEmail: LONG, detail: { why: 'password' } }),
      entry(3, {
        action: 'sign-in.failed',
        detail: { why: 'password' },
        address: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
      }),
      entry(2, {
        action: 'api-key.created',
        actorId: 1,
        userId: 1,
        actorEmail: 'member1@example.org',
        detail: { key_id: 4, name: '<i>Dach</i>', scope: 'ingest' },
      }),
      entry(1, { action: 'account.delete', actorId: 9, userId: 9, address: null }),
    ],
    overview: overview(),
    acts: [],
  };
}

function mail(id: number, of: Partial<MailRow>): MailRow {
  const sent = { state: 'sent', attempts: 1, lastError: null, sentAt: ago(3600) } as const;
  const common = {
    id,
    userId: 1,
    email: 'member1@example.org',
    kind: 'reset',
    createdAt: ago(3700),
    runAfter: ago(-600),
  };
  return { ...common, ...sent, ...(of.state === 'waiting' ? { sentAt: null } : {}), ...of };
}

function entry(id: number, of: Partial<AuditRow>): AuditRow {
  const nobody = { actorId: null, actorEmail: null, userId: null, userEmail: null };
  return { id, at: ago(3600 * (9 - id)), ...nobody, action: 'sign-in', detail: {}, address: '192.0.2.7', ...of };
}

function overview(): AdminOverview {
  const source = {
    waiting: 0,
    heardQuarterHour: 0,
    heardDay: 0,
    lastReceivedAt: null,
    medianLagS: null,
    samplesHour: null,
  };
  return {
    sources: [
      {
        ...source,
        kind: 'opendtu',
        inverters: 12,
        heardQuarterHour: 11,
        heardDay: 12,
        lastReceivedAt: ago(4),
        medianLagS: 1.2,
        samplesHour: 8640,
      },
      {
        ...source,
        kind: 'solarman',
        inverters: 480,
        waiting: 3,
        heardQuarterHour: 471,
        heardDay: 477,
        lastReceivedAt: ago(1),
        medianLagS: 2.4,
        samplesHour: 28_260,
      },
      { ...source, kind: 'victron', inverters: 1 },
    ],
    processes: [
      { roles: ['web', 'worker'], host: 'solar-1', startedAt: ago(3 * DAY_S), beatAt: ago(7), figures: null },
      {
        roles: ['collector'],
        host: 'solar-2.rechenzentrum-niederoesterreich.example.org',
        startedAt: ago(3 * DAY_S),
        beatAt: ago(190),
        figures: {
          samples: 1_234_567,
          samplesPerMinute: 471.4,
          queued: 12,
          connections: 468,
          rejects: { 'frames-damaged': 17, 'ended-garbage': 3 },
        },
      },
    ],
    counts: new Map([
      ['accounts', 214],
      ['event.gap', 12],
      ['event.quarantined', 4],
      ['frame.unknown_layout', 2],
      ['tls', 1],
      ['loggers', 6],
      ['pending-devices', 2],
      ['late-samples', 0],
      ['mails-waiting', 1],
      ['mails-failed', 2],
      ['jobs-failing', 1],
    ]),
  };
}

function part<T>(items: T[], next: number | null = null): Part<T> {
  return { items, next };
}

export function fakeAdminService(fake: FakeAdministration): AdminService {
  const find = (id: number): AdminAccountRow => {
    const found = fake.accounts.find((one) => one.id === id);
    if (found === undefined) throw new NotFound(`There is no account ${id}.`);
    return found;
  };
  const has = (text: string | null, search: string): boolean =>
    (text ?? '').toLowerCase().includes(search.toLowerCase());
  return {
    overview: async () => fake.overview,
    accounts: async (_, { search }) =>
      part(
        fake.accounts.filter(({ email }) => has(email, search)),
        search === '' ? 1 : null,
      ),
    account: async (_, id) => find(id),
    async act(actor, id, act) {
      find(id);
      if (id === actor.id && act === 'disable') throw new Conflict('himself', { details: { reason: 'self' } });
      if (act === 'unmake-admin') throw new Conflict('the last one', { details: { reason: 'last' } });
      fake.acts.push(`${act} ${id}`);
    },
    async startReset(_, id) {
      fake.acts.push(`reset ${find(id).email}`);
    },
    inverters: async () =>
      part([
        {
          ...{
            id: 7,
            userId: 1,
            email: 'member1@example.org',
            kind: 'solarman',
            serial: '2712345678',
            name: '<b>Süd</b>',
          },
          ...{ isWaiting: false, createdAt: ago(40 * DAY_S), lastReceivedAt: ago(40), gatewaySeenAt: ago(20) },
        },
        {
          ...{ id: 6, userId: 12, email: LONG, kind: 'opendtu', serial: '116183771004', name: 'Dach' },
          ...{ isWaiting: true, createdAt: ago(2 * DAY_S), lastReceivedAt: null, gatewaySeenAt: null },
        },
      ]),
    gateways: async () =>
      part([
        {
          ...{ id: 3, userId: 1, email: 'member1@example.org', kind: 'solarman', serial: '2712345678' },
          ...{ firmware: 'LSW5_01_24D3_SS', firstSeenAt: ago(40 * DAY_S), lastSeenAt: ago(20) },
        },
      ]),
    strangers: async () =>
      part([
        {
          serial: '2799999999',
          firstSeenAt: ago(3 * DAY_S),
          lastSeenAt: ago(60),
          lastAddress: '192.0.2.99',
          waiting: 1,
        },
        { serial: '2788888888', firstSeenAt: ago(DAY_S), lastSeenAt: ago(3600), lastAddress: null, waiting: 0 },
      ]),
    async assignLogger(_, { serial, email }) {
      if (!fake.accounts.some((one) => one.email === email))
        throw new InvalidInput('no account', { email: 'no account' });
      fake.acts.push(`assign ${serial} ${email}`);
    },
    jobs: async () => ({
      jobs: [
        {
          ...{ job: 'make-partitions', everyS: 3600, startedAt: ago(1800), finishedAt: ago(1799) },
          ...{ error: null, failedRuns: 0, nextAt: ago(-1801) },
        },
        {
          ...{ job: 'send-mail', everyS: 5, startedAt: ago(31), finishedAt: ago(30) },
          ...{ error: 'connect ECONNREFUSED 192.0.2.25:587', failedRuns: 14, nextAt: ago(25) },
        },
      ],
      work: [{ kind: 'purge-inverter', waiting: 3, oldest: ago(120), attempts: 0 }],
    }),
    mails: async (_, state) => part(fake.mails.filter((one) => state === null || one.state === state)),
    async retryMail(_, id) {
      if (!fake.mails.some((one) => one.id === id && one.state === 'waiting')) throw new NotFound('no such mail');
      fake.acts.push(`retry ${id}`);
    },
    audit: async (_, { act }) =>
      part(
        fake.audit.filter(({ action }) => action.startsWith(act)),
        act === '' ? 1 : null,
      ),
  };
}
