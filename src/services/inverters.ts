import { asTenant, type Tx } from '../db/as-tenant.ts';
import type { DbPool } from '../db/pools.ts';
import { Conflict, InvalidInput, NotAllowed, NotFound } from '../domain/errors.ts';
import { DEVICE_KINDS, type InverterId, normaliseSerial, type UserId } from '../domain/inverter.ts';
import { dayBounds, localDate } from '../domain/period.ts';
import { SAMPLE_STATUS } from '../domain/sample-status.ts';
import { inverterState } from '../domain/state.ts';
import { isSunUp, type Place, placeOfZone } from '../domain/sun.ts';
import { listEvents } from '../store/events.ts';
import * as store from '../store/inverters.ts';
import { lockSite } from '../store/sites.ts';
import { validName } from './names.ts';
import type {
  ChannelCurrent,
  InverterCurrent,
  InverterService,
  InverterSummary,
  NewInverter,
  PhaseCurrent,
  SessionUser,
} from './services.ts';

const HOUR_MS = 3_600_000;
/** Until a device's own cadence is known: the default upload period of Solarman loggers. */
const DEFAULT_INTERVAL_S = 300;

export interface InverterServiceOptions {
  /**
   * Whether an added logger is active at once. True where this is the only account on the server, which is one of the proofs of
   * ownership; else it waits for another proof.
   */
  isOnlyAccount: () => Promise<boolean>;
}

export function createInverterService(pool: DbPool, options: InverterServiceOptions): InverterService {
  return {
    list: (userId, now) =>
      asTenant(pool, userId, async (tx) =>
        (await store.listInverters(tx, userId, now)).map((row) => summary(row, now)),
      ),

    async current(userId, inverterId, now, signal) {
      const [found] = await asTenant(pool, userId, (tx) => readCurrents(tx, userId, [inverterId], now), signal);
      if (found === undefined) throw notFound(inverterId);
      return found;
    },

    currents: (userId, inverterIds, now) => asTenant(pool, userId, (tx) => readCurrents(tx, userId, inverterIds, now)),

    add: (user, inverter, now) => addInverter(pool, options, user, inverter, now),

    update: (userId, inverterId, change) =>
      asTenant(pool, userId, async (tx) => {
        const { siteId, name } = change;
        if (siteId !== undefined && (await lockSite(tx, userId, siteId)) === null) {
          throw new InvalidInput('The inverter cannot stand there.', { site_id: 'no site of this account' });
        }
        const checked = name === undefined ? change : { ...change, name: validName(name) };
        if (!(await store.updateInverter(tx, userId, inverterId, checked))) throw notFound(inverterId);
      }),

    updateChannel: (userId, inverterId, channel, change) =>
      asTenant(pool, userId, async (tx) => {
        const name = change.name ?? null;
        const checked = name === null ? change : { ...change, name: validName(name) };
        const settings = await store.updateChannel(tx, userId, inverterId, channel, checked);
        if (settings === null) {
          throw new NotFound(
            `Nothing is known of an input ${channel} of an inverter ${inverterId} in this account. Say first how many it has.`,
          );
        }
        return settings;
      }),

    describe: (userId, typed, what, { anybodys }) =>
      asTenant(pool, userId, async (tx) => {
        const serial = typed.trim().toLowerCase();
        const own = await store.describeInverter(tx, userId, serial, what);
        const { matches, inverter } =
          own.matches === 0 && anybodys ? await store.describeAnybodysInverter(tx, serial, what) : own;
        if (matches > 1) throw new Conflict('More than one inverter has this serial.');
        if (inverter === null) throw new NotFound('There is no inverter with this serial in this account.');
        return inverter;
      }),

    events: (userId, inverterId, { after, limit }) =>
      asTenant(pool, userId, async (tx) => {
        if (!(await store.hasInverter(tx, userId, inverterId))) throw notFound(inverterId);
        return listEvents(tx, userId, inverterId, after, limit);
      }),

    remove: (userId, inverterId, _now, from) =>
      asTenant(pool, userId, async (tx) => {
        if (!(await store.removeInverter(tx, inverterId))) throw notFound(inverterId);
        await store.audit(tx, {
          actorId: userId,
          userId,
          action: 'inverter.removed',
          detail: { inverter_id: inverterId },
          address: from?.address,
        });
      }),
  };
}

/** The same few statements however many they are. */
async function readCurrents(
  tx: Tx,
  userId: UserId,
  inverterIds: readonly InverterId[],
  now: Date,
): Promise<InverterCurrent[]> {
  const rows = await store.readInverters(tx, userId, inverterIds, now);
  const channels = await store.readChannels(tx, userId, rows);
  const means = await store.averagePowers(tx, userId, inverterIds, new Date(now.getTime() - HOUR_MS), now);
  return rows.map((row) => current(row, channels.get(row.id) ?? [], means.get(row.id) ?? null, now));
}

async function addInverter(
  pool: DbPool,
  options: InverterServiceOptions,
  user: SessionUser,
  inverter: NewInverter,
  _now: Date,
): ReturnType<InverterService['add']> {
  if (!user.isVerified) throw new NotAllowed('Confirm your e-mail address first.');
  const { kind } = inverter;
  if (!DEVICE_KINDS.includes(kind)) {
    throw new InvalidInput('That kind of device is not known.', { kind: `one of ${DEVICE_KINDS.join(', ')}` });
  }
  const name = validName(inverter.name);
  const serial = normaliseSerial(inverter.serial, kind);
  // A logger's serial proves nothing by itself (solarman-v5 §7): it waits for a proof, and being alone on the server is one.
  const waiting = kind === 'solarman' && !user.isAdmin && !(await options.isOnlyAccount());
  try {
    return await asTenant(pool, user.id, async (tx) => {
      const id = await store.insertInverter(tx, { userId: user.id, kind, serial, name, waiting });
      if (id === null) throw new NotFound('This account has no site to put the inverter in.');
      await store.audit(tx, {
        actorId: user.id,
        userId: user.id,
        action: 'inverter.added',
        detail: { inverter_id: id, kind, serial },
      });
      return { id, serial, name, kind };
    });
  } catch (error) {
    if (error instanceof Conflict) {
      throw new Conflict('This serial number is already registered.', {
        cause: error,
        details: { fields: { serial: 'taken' } },
      });
    }
    throw error;
  }
}

function notFound(inverterId: InverterId): NotFound {
  return new NotFound(`There is no inverter ${inverterId} in this account.`);
}

function placeOf(row: store.InverterRow): Place | null {
  if (row.latitude !== null && row.longitude !== null) return { latitude: row.latitude, longitude: row.longitude };
  return placeOfZone(row.timeZone);
}

function latest(...times: (Date | null)[]): Date | null {
  return times.reduce((a, b) => (a === null ? b : b === null || a >= b ? a : b), null);
}

function summary(row: store.InverterRow, now: Date): InverterSummary {
  const unreachable = row.status !== null && (row.status & SAMPLE_STATUS.unreachable) !== 0;
  return {
    id: row.id,
    name: row.name,
    serial: row.serial,
    kind: row.kind,
    state: inverterState({
      lastSampleAt: row.lastFreshAt,
      lastReachable: row.status === null ? null : !unreachable,
      powerW: row.powerW,
      intervalS: row.intervalS,
      now,
      sunUp: isSunUp(now, placeOf(row)),
      everSeen: row.lastLiveAt !== null,
      waiting: row.waiting,
    }),
    siteId: row.siteId,
    timeZone: row.timeZone,
    ratedPowerW: row.ratedPowerW,
    mpptCount: row.mpptCount,
    lastSeenAt: latest(row.lastReceivedAt, row.gatewaySeenAt),
    powerW: row.powerW,
    sampledAt: row.lastLiveAt,
    staleAfterS: 3 * (row.intervalS ?? DEFAULT_INTERVAL_S),
    energyTodayWh: todayWh(row, 0, now),
    energyTotalWh: lifetime(row, 0),
  };
}

function current(
  row: store.InverterRow,
  channels: store.ChannelRow[],
  mean: number | null,
  now: Date,
): InverterCurrent {
  return {
    ...summary(row, now),
    receivedAt: row.lastReceivedAt,
    ageS: row.lastLiveAt === null ? null : Math.max(0, Math.round((now.getTime() - row.lastLiveAt.getTime()) / 1000)),
    counterTotalWh: row.counterWh[0] ?? null,
    powerDcW: row.powerDcW,
    voltageV: row.voltageV,
    currentA: row.currentA,
    frequencyHz: row.frequencyHz,
    powerFactor: row.powerFactor,
    temperatureC: row.temperatureC,
    inverterSerial: row.inverterSerial,
    phases: phases(row),
    channels: shownChannels(row, channels, now),
    maxPowerTodayW: row.maxPowerTodayW,
    avgPowerLastHourW: mean === null ? null : Math.round(mean * 10) / 10,
  };
}

/**
 * Booked today. A day on which nothing was booked is one of 0 Wh where it is known that nothing was produced: something was measured, or
 * the sun has not risen yet. An inverter that is silent since yesterday may have produced anything.
 */
function todayWh(row: store.InverterRow, channel: number, now: Date): number | null {
  if ((row.bookedWh[channel] ?? null) === null) return null;
  const booked = row.energyTodayWh[channel] ?? null;
  if (booked !== null) return booked;
  const today = localDate(now, row.timeZone);
  const measuredToday = row.lastFreshAt !== null && localDate(row.lastFreshAt, row.timeZone) === today;
  const noon = (dayBounds(today, row.timeZone).from.getTime() + dayBounds(today, row.timeZone).to.getTime()) / 2;
  const beforeSunrise = now.getTime() < noon && !isSunUp(now, placeOf(row));
  return measuredToday || beforeSunrise ? 0 : null;
}

/** First good counter plus everything booked (storage design, "Energy, defined once"). */
function lifetime(row: store.InverterRow, channel: number): number | null {
  const booked = row.bookedWh[channel] ?? null;
  return booked === null ? null : (row.firstGoodWh[channel] ?? 0) + booked;
}

function phases(row: store.InverterRow): PhaseCurrent[] {
  if (row.voltageL2V === null && row.voltageL3V === null && row.powerL2W === null && row.powerL3W === null) return [];
  return [
    { voltageV: row.voltageV, currentA: row.currentA, powerW: row.powerL1W },
    { voltageV: row.voltageL2V, currentA: row.currentL2A, powerW: row.powerL2W },
    { voltageV: row.voltageL3V, currentA: row.currentL3A, powerW: row.powerL3W },
  ];
}

function shownChannels(row: store.InverterRow, channels: store.ChannelRow[], now: Date): ChannelCurrent[] {
  return channels.map((c) => ({
    ...c,
    energyTodayWh: todayWh(row, c.channel, now),
    energyTotalWh: lifetime(row, c.channel),
  }));
}
