import {
  Conflict,
  InvalidInput,
  NotAllowed,
  NotFound,
  NotSignedIn,
  OtpRequired,
  TooMany,
} from '../../src/domain/errors.ts';
import { normaliseSerial } from '../../src/domain/inverter.ts';
import { checkedAccount } from '../../src/services/accounts/rules.ts';
import { checkedKeyName } from '../../src/services/api-keys.ts';
import type { LoggerDetails } from '../../src/services/logger-service.ts';
import type {
  ApiKeySummary,
  InverterCurrent,
  PendingDevice,
  PowerPoint,
  Services,
  SessionUser,
} from '../../src/services/services.ts';
import type { Site } from '../../src/services/site-service.ts';
import type { Takeout } from '../../src/services/takeout/takeout-service.ts';
import { type FakeAccount, fakeAccount, fakeAccountServices } from './fake-account-services.ts';
import {
  ADMIN_ID,
  type FakeAdministration,
  fakeAdmin,
  fakeAdministration,
  fakeAdminService,
} from './fake-admin-services.ts';
import { fakeDay } from './fake-day.ts';
import { PASSWORD } from './fake-password.ts';
import { type FakeMeasured, fakeStatistics, measured } from './fake-statistics.ts';
import { memberOf } from './test-app.ts';

/** Everything that pages may ask for, in memory: an account with the inverters a test wants. */
export interface FakeServices extends Services {
  /** By account. Change it to change what pages show. */
  inverters: Services['inverters'] & { of: Map<number, InverterCurrent[]> };
  /** By inverter; nothing is known of one that is not there. */
  loggers: Services['loggers'] & { of: Map<number, LoggerDetails> };
  /** Sessions that have ended. */
  ended: Set<string>;
  /** How often a page was read, by what. */
  reads: { list: number; current: number; power: number; energy: number };
  /** Whether the server has an administrator. */
  isAdministered: boolean;
  /** The link that makes the first administrator; null when used up. */
  setupToken: string | null;
  user: SessionUser;
  /** What the pages of administration work on. */
  administration: FakeAdministration;
  /** What the account pages work on. */
  account: FakeAccount;
  /** Makes every read fail, as a database that is gone. */
  failWith: Error | null;
  keys: ApiKeySummary[];
  pending: PendingDevice[];
  autoAdds: boolean;
  /** Where the inverters stand. */
  standing: Site[];
  takeout: Takeout | null;
}

export { PASSWORD };

async function notOnPages(): Promise<never> {
  throw new Error('no page asks for this');
}

export function fakeServices(inverters: InverterCurrent[] = [], user: Partial<SessionUser> = {}): FakeServices {
  const of = new Map<number, InverterCurrent[]>([[1, inverters]]);
  const read = (kind: keyof FakeServices['reads']): void => {
    fake.reads[kind] += 1;
    if (fake.failWith !== null) throw fake.failWith;
  };
  const find = (userId: number, id: number): InverterCurrent => {
    const found = of.get(userId)?.find((one) => one.id === id);
    if (found === undefined) throw new NotFound(`There is no inverter ${id} in this account.`);
    return found;
  };
  const account = (userId: number): SessionUser =>
    userId === ADMIN_ID ? fakeAdmin : { ...memberOf(userId), ...(userId === 1 ? fake.user : {}) };
  const living = (sessionId: string): void => {
    if (fake.ended.has(sessionId)) throw new NotSignedIn('The session is over. Please sign in again.');
  };
  const ownAccount = fakeAccount();
  const administration = fakeAdministration();
  const fake: FakeServices = {
    account: ownAccount,
    administration,
    admin: fakeAdminService(administration),
    ...fakeAccountServices(ownAccount),
    ended: new Set(),
    reads: { list: 0, current: 0, power: 0, energy: 0 },
    isAdministered: true,
    setupToken: 'setup-token',
    user: { ...memberOf(1), ...user },
    failWith: null,
    keys: [],
    pending: [],
    autoAdds: false,
    standing: [{ id: 3, name: 'Zuhause', timeZone: 'Europe/Berlin', latitude: null, longitude: null }],
    takeout: null,
    accounts: {
      async signIn(email, password, _, now) {
        if (email === 'locked@example.org') throw new TooMany('Too many attempts.', 90);
        if (password !== PASSWORD) throw new NotSignedIn('E-mail address or password is wrong.');
        if (ownAccount.twoFactor.isOn) throw new OtpRequired('challenge');
        return { user: account(1), sessionId: 'session-of-1', token: 'token-of-1', expiresAt: inTwoDays(now) };
      },
      async signInWithCode(challenge, otp, _, now) {
        if (challenge !== 'challenge' || otp !== '123456') throw new NotSignedIn('The code is wrong.');
        return { user: account(1), sessionId: 'session-of-1', token: 'token-of-1', expiresAt: inTwoDays(now) };
      },
      async signOut(_, sessionId) {
        fake.ended.add(sessionId);
      },
      async identify(token, now) {
        const id = Number(/^token-of-(\d+)$/.exec(token)?.[1]);
        if (!Number.isInteger(id)) throw new NotSignedIn('The session is over. Please sign in again.');
        living(`session-of-${id}`);
        return { user: account(id), sessionId: `session-of-${id}`, tokenExpiresAt: inTwoDays(now) };
      },
      async renew(userId, sessionId, now) {
        living(sessionId);
        return { token: `token-of-${userId}`, expiresAt: inTwoDays(now) };
      },
      hasAdministrator: async () => fake.isAdministered,
      async isSetupTokenValid(token) {
        return token === fake.setupToken;
      },
      async createFirstAdmin(token, { email, password, firstName, lastName }) {
        if (token !== fake.setupToken) throw new NotAllowed('The link is no longer valid.');
        const { email: address } = checkedAccount({ email, password, firstName, lastName });
        fake.setupToken = null;
        return { id: 1, email: address };
      },
    },
    inverters: {
      of,
      async list(userId) {
        read('list');
        return of.get(userId) ?? [];
      },
      async current(userId, id) {
        read('current');
        return find(userId, id);
      },
      async currents(userId, ids) {
        read('current');
        return (of.get(userId) ?? []).filter(({ id }) => ids.includes(id));
      },
      async add({ id: userId, isVerified }, { name, serial, kind }) {
        if (!isVerified) throw new NotAllowed('Confirm your e-mail address first.');
        const own = of.get(userId) ?? [];
        const normal = normaliseSerial(serial, kind);
        if (own.some((one) => one.serial === normal && one.kind === kind)) {
          const details = { fields: { serial: 'taken' } };
          throw new Conflict('This serial number is already registered.', { details });
        }
        const added = inverter({ id: 100 + own.length, name, serial: normal, kind });
        of.set(userId, [...own, added]);
        return { id: added.id, name, serial: normal, kind };
      },
      async update(userId, id, { name = '' }) {
        if (name.length > 100) throw new InvalidInput('The name is too long.', { name: 'at most 100 characters' });
        find(userId, id).name = name;
      },
      updateChannel: notOnPages,
      describe: notOnPages,
      events: notOnPages,
      async remove(userId, id) {
        find(userId, id);
        of.set(
          userId,
          (of.get(userId) ?? []).filter((one) => one.id !== id),
        );
      },
    },
    loggers: {
      of: new Map(),
      async details(userId, id) {
        return fake.loggers.of.get(find(userId, id).id) ?? { claim: null, gateway: null, keptFrames: [], tls: null };
      },
      async askRestart(userId, id, now) {
        const details = await fake.loggers.details(userId, id, now);
        if (details.claim !== null) details.claim.restartUntil = new Date(now.getTime() + 15 * 60_000);
        return details;
      },
      async release(userId, id) {
        find(userId, id).state = 'waiting';
      },
      frames: async (userId, id) => ({ serial: find(userId, id).serial, frames: [] }),
    },
    sites: {
      list: async () => fake.standing,
      async update(_, id, change) {
        const at = fake.standing.findIndex((site) => site.id === id);
        const site = fake.standing[at];
        if (site === undefined) throw new NotFound(`There is no site ${id} in this account.`);
        const changed = { ...site, ...change };
        if ((changed.latitude === null) !== (changed.longitude === null)) {
          throw new InvalidInput('both or neither', { latitude: 'required with the other' });
        }
        fake.standing[at] = changed;
        return changed;
      },
    },
    takeouts: {
      newest: async () => fake.takeout,
      async request(_, __, now) {
        if (fake.takeout?.state === 'running') throw new Conflict('It is being made already.');
        const expiresAt = new Date(now.getTime() + 7 * 86_400_000);
        const waiting = {
          state: 'waiting' as const,
          requestedAt: now,
          progressPct: 0,
          readyAt: null,
          expiresAt,
          bytes: null,
        };
        fake.takeout = waiting;
        return waiting;
      },
      async remove() {
        if (fake.takeout === null) throw new NotFound('There is no archive of this account.');
        fake.takeout = { ...fake.takeout, state: 'gone' };
      },
      open: notOnPages,
    },
    exports: {
      async open(userId, id) {
        const { name, serial, timeZone } = find(userId, id);
        async function* none(): AsyncGenerator<never> {}
        const bounds = { from: new Date(0), to: new Date(0) };
        const inverter = { id, name, serial };
        return { inverter, timeZone, bounds, timeName: 'start', names: ['energy_wh'], rows: none() };
      },
    },
    statistics: fakeStatistics((userId) => of.get(userId) ?? [], read),
    apiKeys: {
      async create(_, { name: raw, scope, expiresAt }, now) {
        const name = checkedKeyName(raw);
        const id = 1 + Math.max(0, ...fake.keys.map((key) => key.id));
        fake.keys = [{ id, name, scope, hint: '…PQRS', createdAt: now, expiresAt, lastUsedAt: null }, ...fake.keys];
        return { id, name, scope, key: 'ABCD-EFGH-JKMN-PQRS' };
      },
      async identify() {
        throw new NotSignedIn('The API key is missing or not valid.');
      },
      remembers: () => false,
      recall: () => null,
      async list() {
        return fake.keys;
      },
      async revoke(_, id) {
        if (!fake.keys.some((key) => key.id === id)) throw new NotFound(`There is no API key ${id} in this account.`);
        fake.keys = fake.keys.filter((key) => key.id !== id);
      },
    },
    inbox: {
      async list() {
        return fake.pending;
      },
      async claim(user, { kind, serial, name }, now) {
        const found = fake.pending.find((one) => one.kind === kind && one.serial === serial);
        if (found === undefined) throw new NotFound('There is no such device in the inbox of this account.');
        fake.pending = fake.pending.filter((one) => one !== found);
        return fake.inverters.add(user, { kind, serial, name: name ?? found.name ?? serial }, now);
      },
      async autoAdd() {
        return fake.autoAdds;
      },
      async setAutoAdd(_, on) {
        fake.autoAdds = on;
      },
    },
    health: {
      report: async () => ({ ok: true, components: { database: 'ok', collector: 'ok', worker: 'ok' } }),
    },
  };
  return fake;
}

/** A device in the inbox, of which no more is special than what is given. */
export function pendingDevice(given: Partial<PendingDevice> & { serial: string }): PendingDevice {
  const seenAt = new Date('2026-06-15T11:59:30Z');
  return {
    kind: 'opendtu',
    name: null,
    model: 'HM-1000/1200/1500-4T',
    mpptCount: 4,
    ratedPowerW: 1500,
    gatewaySerial: '199980140256',
    firstSeenAt: seenAt,
    lastSeenAt: seenAt,
    readings: 1,
    ...given,
  };
}

/** An inverter of which nothing is known but what is given. */
export function inverter(
  given: Partial<InverterCurrent> & { id: number },
  points: PowerPoint[] = [],
  before: FakeMeasured['before'] = null,
): InverterCurrent {
  const made: InverterCurrent = {
    name: `Inverter ${given.id}`,
    serial: String(3_900_000_000 + given.id),
    kind: 'solarman',
    state: 'never_seen',
    siteId: 1,
    timeZone: 'Europe/Berlin',
    ratedPowerW: null,
    mpptCount: null,
    lastSeenAt: null,
    powerW: null,
    sampledAt: null,
    staleAfterS: 900,
    energyTodayWh: null,
    receivedAt: null,
    ageS: null,
    energyTotalWh: null,
    counterTotalWh: null,
    powerDcW: null,
    voltageV: null,
    currentA: null,
    frequencyHz: null,
    powerFactor: null,
    temperatureC: null,
    inverterSerial: null,
    phases: [],
    channels: [],
    maxPowerTodayW: null,
    avgPowerLastHourW: null,
    ...given,
  };
  measured.set(made, { today: points, before });
  return made;
}

/** An inverter in the middle of a day, with a year and a half behind it: curve, inputs and figures that fit together. */
export function sunnyInverter(
  now: Date,
  given: Partial<InverterCurrent> & { id: number },
  day: Partial<Parameters<typeof fakeDay>[0]> = {},
): InverterCurrent {
  const ageS = given.ageS ?? 40;
  const sampledAt = new Date(now.getTime() - ageS * 1000);
  const points = fakeDay({ until: sampledAt, peakW: 640, seed: given.id, ...day });
  const powerW = points.at(-1)?.powerW ?? 0;
  const energyTodayWh = Math.round(points.reduce((wh, point) => wh + point.powerW / 12, 0));
  const share = [0.27, 0.26, 0.25, 0.22];
  return inverter(
    {
      name: 'Balkon Süd',
      state: 'producing',
      ratedPowerW: 800,
      mpptCount: 4,
      inverterSerial: '2306241234',
      lastSeenAt: sampledAt,
      receivedAt: sampledAt,
      sampledAt,
      ageS,
      powerW,
      powerDcW: powerW * 1.04,
      energyTodayWh,
      energyTotalWh: 1_284_300 + energyTodayWh,
      counterTotalWh: 1_284_300 + energyTodayWh,
      voltageV: 233.4,
      currentA: powerW / 233,
      frequencyHz: 50.02,
      temperatureC: 41.5,
      maxPowerTodayW: points.reduce((max, p) => Math.max(max, p.powerMaxW), 0),
      avgPowerLastHourW: points.slice(-12).reduce((sum, p) => sum + p.powerW, 0) / 12,
      channels: share.map((part, index) => ({
        channel: index + 1,
        name: ['Hochbeet', 'Windfang', null, 'Carport'][index] ?? null,
        powerW: powerW * part,
        voltageV: 31.2 + index / 5,
        currentA: (powerW * part) / 31,
        energyTodayWh: Math.round(energyTodayWh * part),
        energyTotalWh: Math.round(1_284_300 * part),
        irradiationPct: null,
      })),
      ...given,
    },
    points,
    { since: new Date(now.getTime() - 550 * 86_400_000), peakW: day.peakW ?? 640, seed: given.id },
  );
}

function inTwoDays(now: Date): Date {
  return new Date(now.getTime() + 48 * 3600_000);
}
