import { Conflict, InvalidInput, NotAllowed, NotFound, NotSignedIn, TooMany } from '../../src/domain/errors.ts';
import { normaliseSerial } from '../../src/domain/inverter.ts';
import { checkedAccount } from '../../src/services/accounts/rules.ts';
import type { InverterCurrent, PowerPoint, Services, SessionUser } from '../../src/services/services.ts';
import { type FakeAccount, fakeAccount, fakeAccountServices } from './fake-account-services.ts';
import { fakeDay } from './fake-day.ts';
import { PASSWORD } from './fake-password.ts';
import { memberOf } from './test-app.ts';

/** Everything that pages may ask for, in memory: an account with the inverters a test wants. */
export interface FakeServices extends Services {
  /** By account. Change it to change what pages show. */
  inverters: Services['inverters'] & { of: Map<number, InverterCurrent[]> };
  /** Sessions that have ended. */
  ended: Set<string>;
  /** How often a page was read, by what. */
  reads: { list: number; current: number; power: number };
  /** The link that makes the first administrator; null when used up. */
  setupToken: string | null;
  user: SessionUser;
  /** What the account pages work on. */
  account: FakeAccount;
  /** Makes every read fail, as a database that is gone. */
  failWith: Error | null;
}

export { PASSWORD };

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
  const account = (userId: number): SessionUser => ({ ...memberOf(userId), ...(userId === 1 ? fake.user : {}) });
  const living = (sessionId: string): void => {
    if (fake.ended.has(sessionId)) throw new NotSignedIn('The session is over. Please sign in again.');
  };
  const ownAccount = fakeAccount();
  const fake: FakeServices = {
    account: ownAccount,
    ...fakeAccountServices(ownAccount),
    ended: new Set(),
    reads: { list: 0, current: 0, power: 0 },
    setupToken: 'setup-token',
    user: { ...memberOf(1), ...user },
    failWith: null,
    accounts: {
      async signIn(email, password, _, now) {
        if (email === 'locked@example.org') throw new TooMany('Too many attempts.', 90);
        if (password !== PASSWORD) throw new NotSignedIn('E-mail address or password is wrong.');
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
      async rename(userId, id, name) {
        if (name.length > 100) throw new InvalidInput('The name is too long.', { name: 'at most 100 characters' });
        find(userId, id).name = name;
      },
      async remove(userId, id) {
        find(userId, id);
        of.set(
          userId,
          (of.get(userId) ?? []).filter((one) => one.id !== id),
        );
      },
    },
    statistics: {
      async power(userId, id, { from, to, bucket }) {
        read('power');
        const points = days.get(find(userId, id)) ?? [];
        return { bucket, points: points.filter(({ time }) => time >= from && time < to) };
      },
      async accountPower(userId, { from, to }) {
        read('power');
        const all = (of.get(userId) ?? []).flatMap((one) => days.get(one) ?? []);
        const sums = new Map<number, PowerPoint>();
        for (const { time, powerW, powerMaxW } of all.filter(({ time }) => time >= from && time < to)) {
          const sum = sums.get(time.getTime()) ?? { time, powerW: 0, powerMaxW: 0 };
          sums.set(time.getTime(), { time, powerW: sum.powerW + powerW, powerMaxW: sum.powerMaxW + powerMaxW });
        }
        return [...sums.values()].sort((a, b) => a.time.getTime() - b.time.getTime());
      },
      async energy(_userId, _id, { bucket }) {
        return { bucket, timeZone: 'Europe/Berlin', totalWh: null, points: [] };
      },
    },
    apiKeys: {
      create: async (_, { name, scope }) => ({ id: 1, name, scope, key: 'ABCD-EFGH-JKMN-PQRS' }),
      async identify() {
        throw new NotSignedIn('The API key is missing or not valid.');
      },
      remembers: () => false,
    },
    health: {
      report: async () => ({ ok: true, components: { database: 'ok', collector: 'ok', worker: 'ok' } }),
    },
  };
  return fake;
}

/** What an inverter measured, beside it: the services know it by another function. */
const days = new WeakMap<InverterCurrent, PowerPoint[]>();

/** An inverter of which nothing is known but what is given. */
export function inverter(given: Partial<InverterCurrent> & { id: number }, points: PowerPoint[] = []): InverterCurrent {
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
  days.set(made, points);
  return made;
}

/** An inverter in the middle of a day: curve, inputs and figures that fit together. */
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
  );
}

function inTwoDays(now: Date): Date {
  return new Date(now.getTime() + 48 * 3600_000);
}
