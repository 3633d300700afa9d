import { Unavailable } from '../../src/domain/errors.ts';
import { FAKE_TOKENS } from './fake-account-services.ts';
import { talkativeLogger, waitingLogger } from './fake-loggers.ts';
import { PASSWORD } from './fake-password.ts';
import { type FakeServices, fakeServices, inverter, pendingDevice, sunnyInverter } from './fake-services.ts';
import { disbelieved } from './fake-statistics.ts';
import { type Asker, type FakeWeb, NOON } from './fake-web.ts';

/** A page in a state worth looking at: for the screenshots and for the accessibility check. */
export interface Scene {
  name: string;
  path: string;
  services: () => FakeServices;
  now?: Date;
  as?: Asker;
  /** Unfolds what is folded on the page. */
  open?: true;
  /** Posts this and shows the answer. */
  form?: Record<string, string>;
  /** The answer's status; 200 when absent. */
  status?: number;
  prepare?: (web: FakeWeb) => void;
}

const NIGHT = new Date('2026-06-15T21:30:00Z');
const gap = { from: new Date('2026-06-15T08:20:00Z'), to: new Date('2026-06-15T09:35:00Z') };

const sunny = (): FakeServices =>
  fakeServices([
    sunnyInverter(NOON, { id: 1 }, { gaps: [gap] }),
    sunnyInverter(
      NOON,
      {
        id: 2,
        name: 'Gartenhaus',
        kind: 'opendtu',
        serial: '116183771004',
        ageS: 12,
        inverterSerial: null,
        channels: [],
      },
      { peakW: 410 },
    ),
  ]);

/** Whose counter said something impossible this morning, and a week ago. */
function doubted(): FakeServices {
  const inverter = sunnyInverter(NOON, { id: 1 });
  disbelieved.set(inverter, [new Date('2026-06-08T15:05:00Z'), new Date('2026-06-15T05:40:00Z')]);
  return fakeServices([inverter]);
}

/** A fleet: more than there are colours for. */
const fleet = (): FakeServices =>
  fakeServices(
    Array.from({ length: 9 }, (_, i) =>
      sunnyInverter(
        NOON,
        { id: i + 1, name: `Dach ${i + 1}`, channels: [], energyTotalWh: 900_000 + ((i * 7) % 9) * 40_000 },
        { peakW: 380 + ((i * 5) % 9) * 60 },
      ),
    ),
  );

const one = (): FakeServices => fakeServices([sunnyInverter(NOON, { id: 1 }, { gaps: [gap] })]);

const problems = (): FakeServices =>
  fakeServices([
    sunnyInverter(NOON, { id: 1, name: 'Balkon Süd', ageS: 3 * 3600 + 300, state: 'offline' }),
    sunnyInverter(NOON, { id: 2, name: 'Carport', ageS: 20 * 60, state: 'stale' }, { peakW: 300 }),
    sunnyInverter(
      NOON,
      { id: 3, name: 'Garage Nord', kind: 'victron', serial: 'hq2132abcde', channels: [] },
      { peakW: 900 },
    ),
    inverter({ id: 4, name: 'Dachterrasse', kind: 'opendtu', serial: '2821a1102233' }),
  ]);

/** The third input gives nothing while the sun shines on all of them. */
function deadPanel(): FakeServices {
  const inverter = sunnyInverter(NOON, { id: 1 });
  const third = inverter.channels[2];
  if (third !== undefined) Object.assign(third, { powerW: 1.3, currentA: 0.04, energyTodayWh: 12 });
  return fakeServices([inverter]);
}

const broken = (): FakeServices =>
  fakeServices([sunnyInverter(NOON, { id: 1, ageS: 3 * 3600 + 300, state: 'offline' })]);

const night = (): FakeServices =>
  fakeServices([
    sunnyInverter(NIGHT, { id: 1, ageS: 2 * 3600, state: 'asleep' }),
    sunnyInverter(NIGHT, { id: 2, name: 'Gartenhaus', ageS: 2 * 3600, state: 'asleep' }, { peakW: 410 }),
  ]);

export const LONG_NAME = 'Donaudampfschifffahrtsgesellschaftskapitänsbalkonkraftwerkswechselrichter-Süd-Süd-West';
export const HOSTILE_NAME = '<img src=x onerror=alert(1)>"\'</title><script>alert(2)</script>';

const strange = (): FakeServices =>
  fakeServices([
    sunnyInverter(NOON, { id: 1, name: LONG_NAME, phases: threePhases(), temperatureC: -3.2 }, { peakW: 8400 }),
    sunnyInverter(NOON, { id: 2, name: HOSTILE_NAME, powerW: null, energyTodayWh: null, channels: [] }),
    sunnyInverter(NOON, { id: 3, name: 'מרפסת ☀️ 1', state: 'idle', powerW: 0 }),
  ]);

function threePhases(): { voltageV: number; currentA: number; powerW: number }[] {
  return [231.4, 229.8, 233.1].map((voltageV) => ({ voltageV, currentA: 11.6, powerW: 2680 }));
}

const fresh = (): FakeServices => fakeServices([inverter({ id: 7, name: 'Balkon Süd' })]);

/** One delivers; of two others, one with a long name, nothing has come yet. */
const halfSetUp = (): FakeServices =>
  fakeServices([
    sunnyInverter(NOON, { id: 1 }),
    inverter({ id: 7, name: LONG_NAME }),
    inverter({ id: 8, name: 'Garage Nord', state: 'waiting' }),
  ]);

/** A DTU that sends for two inverters which nobody has added. */
const found = (): FakeServices =>
  Object.assign(sunny(), {
    pending: [
      pendingDevice({ serial: '116183771005', name: 'Carport', readings: 214 }),
      pendingDevice({ serial: 'zaehler-heizung', kind: 'other', model: null, mpptCount: null, gatewaySerial: null }),
    ],
  });

const DAY_MS = 24 * 3600_000;
const days = (n: number): Date => new Date(NOON.getTime() + n * DAY_MS);
const withKeys = (): FakeServices =>
  Object.assign(sunny(), {
    keys: [
      {
        ...{ id: 4, name: 'OpenDTU Dach', scope: 'ingest', hint: '…K7PQ', createdAt: days(-40) },
        ...use(days(-0.001), null),
      },
      {
        ...{ id: 3, name: 'Anzeige im Flur', scope: 'read', hint: '…M2XA', createdAt: days(-90) },
        ...use(days(-2), days(275)),
      },
      { ...{ id: 2, name: LONG_NAME, scope: 'full', hint: '…9RTY', createdAt: days(-400) }, ...use(null, days(-35)) },
    ],
  });

function use(lastUsedAt: Date | null, expiresAt: Date | null): { lastUsedAt: Date | null; expiresAt: Date | null } {
  return { lastUsedAt, expiresAt };
}

/** Whose second factor is on. */
const guarded = (): FakeServices => {
  const services = sunny();
  services.account.twoFactor = { isOn: true, recoveryCodes: 10, setUp: null };
  return services;
};

/** In the middle of setting it up. */
const begun = (): FakeServices => {
  const services = sunny();
  const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  services.account.twoFactor = {
    isOn: false,
    recoveryCodes: 0,
    setUp: { seed, url: `otpauth://totp/x?secret=${seed}` },
  };
  // Each visitor of the scene confirms it anew.
  services.twoFactor.confirm = async () => Array.from({ length: 10 }, (_, n) => `ABCD-EFGH-JKMN-PQR${'STUVWXYZ23'[n]}`);
  return services;
};

export const SCENES: readonly Scene[] = [
  { name: 'login', path: '/login', services: sunny, as: 'nobody' },
  {
    name: 'login-wrong',
    path: '/login',
    services: sunny,
    as: 'nobody',
    form: { username: 'erika@example.org', password: 'wrong' },
    status: 401,
  },
  { name: 'signup', path: '/signup', services: sunny, as: 'nobody' },
  {
    name: 'reset-wrong',
    path: `/reset_password?token=${FAKE_TOKENS.reset}`,
    services: sunny,
    as: 'nobody',
    form: { new_password1: 'password', new_password2: 'password' },
    status: 422,
  },
  {
    name: 'login-code',
    path: '/login',
    services: guarded,
    as: 'nobody',
    form: { username: 'a@b', password: PASSWORD },
  },
  { name: 'verify', path: '/verify', services: () => fakeServices([], { isVerified: false }) },
  { name: 'account', path: '/account?done=profile', services: sunny },
  { name: 'account-delete', path: '/account/delete', services: sunny, form: { password: 'wrong' }, status: 403 },
  { name: 'two-factor-codes', path: '/account/two-factor', services: begun, form: { otp: '123456' } },
  { name: 'first-admin', path: '/setup?token=setup-token', services: sunny, as: 'nobody' },
  {
    name: 'first-admin-wrong',
    path: '/setup?token=setup-token',
    services: sunny,
    as: 'nobody',
    form: { first_name: 'Erika', last_name: '', email: 'erika', password: 'short' },
    status: 422,
  },
  { name: 'first-admin-used-up', path: '/setup?token=old', services: sunny, as: 'nobody', status: 403 },
  { name: 'overview', path: '/', services: sunny },
  { name: 'overview-one', path: '/', services: one },
  { name: 'overview-problems', path: '/', services: problems },
  { name: 'overview-offline', path: '/', services: broken },
  { name: 'overview-doubted', path: '/', services: doubted },
  { name: 'overview-night', path: '/', services: night, now: NIGHT },
  { name: 'overview-strange', path: '/', services: strange },
  { name: 'overview-never-seen', path: '/', services: fresh },
  { name: 'overview-empty', path: '/', services: () => fakeServices([]) },
  { name: 'inverters', path: '/inverters?done=renamed', services: problems },
  {
    name: 'inverters-wrong',
    path: '/inverters',
    services: sunny,
    form: { kind: 'solarman', name: 'Süd', serial: 'ABC' },
    status: 422,
  },
  { name: 'inverters-unverified', path: '/inverters', services: () => fakeServices([], { isVerified: false }) },
  { name: 'inverters-inbox', path: '/inverters', services: found },
  { name: 'api-keys', path: '/account/api-keys', services: withKeys },
  {
    name: 'api-keys-made',
    path: '/account/api-keys',
    services: withKeys,
    form: { name: 'OpenDTU im Schuppen', scope: 'ingest' },
  },
  { name: 'inverter-delete', path: '/inverters/1/delete', services: sunny },
  { name: 'logger-release', path: '/inverters/1/release', services: sunny },
  { name: 'guide', path: '/inverters/new', services: sunny },
  { name: 'guide-solarman', path: '/inverters/new?kind=solarman', services: sunny },
  { name: 'set-up-solarman', path: '/inverters/7/setup', services: fresh },
  { name: 'set-up-waiting', path: '/inverters/7/setup', services: () => waitingLogger(NOON) },
  { name: 'set-up-arrived', path: '/inverters/1/setup', services: sunny },
  {
    name: 'set-up-opendtu',
    path: '/inverters/7/setup',
    services: () => fakeServices([inverter({ id: 7, name: 'Gartenhaus', kind: 'opendtu', serial: '116183771004' })]),
    form: {},
  },
  {
    name: 'set-up-victron',
    path: '/inverters/7/setup',
    services: () => fakeServices([inverter({ id: 7, name: 'Scheune', kind: 'victron', serial: 'hq2132abcde' })]),
    form: {},
  },
  { name: 'dashboard', path: '/dashboard/1', services: sunny },
  { name: 'dashboard-logger', path: '/dashboard/1', services: () => talkativeLogger(NOON) },
  { name: 'dashboard-month-compared', path: '/dashboard/1?period=month&compare=1', services: sunny },
  { name: 'dashboard-week', path: '/dashboard/1?period=week&date=2026-05-20', services: sunny },
  { name: 'dashboard-doubted', path: '/dashboard/1', services: doubted },
  { name: 'dashboard-year', path: '/dashboard/1?period=year&compare=1', services: sunny },
  { name: 'dashboard-hour', path: '/dashboard/1?period=1h', services: sunny },
  { name: 'dashboard-nothing', path: '/dashboard/1?period=day&date=2020-01-01', services: sunny },
  { name: 'dashboard-offline', path: '/dashboard/1', services: problems },
  { name: 'dashboard-strange', path: '/dashboard/1', services: strange },
  { name: 'dashboard-never-seen', path: '/dashboard/7', services: fresh },
  { name: 'summary', path: '/dashboard/summary', services: sunny },
  { name: 'summary-30d', path: '/dashboard/summary?period=30d', services: sunny },
  { name: 'summary-fleet', path: '/dashboard/summary', services: fleet },
  { name: 'summary-fleet-month', path: '/dashboard/summary?period=month&date=2026-05-31', services: fleet },
  { name: 'summary-total', path: '/dashboard/summary?period=total', services: sunny },
  { name: 'dc-channels', path: '/dc-channels/1', services: deadPanel },
  { name: 'dc-channels-voltage', path: '/dc-channels/1?period=7d&metric=voltage', services: deadPanel },
  { name: 'dc-channels-energy', path: '/dc-channels/1?period=week&metric=energy&date=2026-06-10', services: deadPanel },
  { name: 'dc-channels-none', path: '/dc-channels/2', services: sunny },
  { name: 'export', path: '/export/1', services: sunny },
  { name: 'offline', path: '/offline', services: sunny, as: 'nobody' },
  { name: 'error-404', path: '/dashboard/999', services: sunny, status: 404 },
  {
    name: 'error-503',
    path: '/',
    services: sunny,
    status: 503,
    prepare: ({ services }) => {
      services.failWith = new Unavailable('The database does not answer.');
    },
  },
  { name: 'overview-unseen', path: '/', services: halfSetUp },
];
