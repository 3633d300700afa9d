import type { DeviceKind, InverterId, SiteId, UserId } from '../domain/inverter.ts';
import type {
  ProfileService,
  RegistrationService,
  SessionService,
  TwoFactorService,
} from './accounts/account-services.ts';
import type { AdminService } from './admin/admin-service.ts';
import type { ExportService } from './export-service.ts';
import type { LoggerService } from './logger-service.ts';
import type { SiteService } from './site-service.ts';
import type { TakeoutService } from './takeout/takeout-service.ts';

/**
 * What pages and API may ask for. Both call these same functions, so that a figure has one definition. Every function that takes a
 * user works inside that user's tenant scope: another tenant's id is answered with NotFound.
 * Power in W, energy in whole Wh, unknown is null. `now` is always handed in.
 */
export interface Services {
  accounts: AccountService;
  admin: AdminService;
  registration: RegistrationService;
  profile: ProfileService;
  sessions: SessionService;
  twoFactor: TwoFactorService;
  inverters: InverterService;
  loggers: LoggerService;
  statistics: StatisticsService;
  exports: ExportService;
  sites: SiteService;
  takeouts: TakeoutService;
  apiKeys: ApiKeyService;
  inbox: InboxService;
  health: HealthService;
}

export type Locale = 'de' | 'en';

/** Who is asking, established by a session or a key. */
export interface SessionUser {
  id: UserId;
  email: string;
  firstName: string;
  lastName: string;
  /** Null: follow the browser. */
  locale: Locale | null;
  isAdmin: boolean;
  isVerified: boolean;
}

export interface Client {
  address: string;
  userAgent: string | null;
}

export interface SignedIn {
  user: SessionUser;
  sessionId: string;
  /** The JWT, for the cookie or as bearer. */
  token: string;
  expiresAt: Date;
}

export interface AccountService {
  /**
   * @param otp a code of the second factor, where the account has one
   * @throws NotSignedIn for an unknown address, a wrong password or a disabled account, all alike and equally slow, and for a wrong code;
   * OtpRequired, TooMany
   */
  signIn(email: string, password: string, client: Client, now: Date, otp?: string): Promise<SignedIn>;
  /** The second step, by what OtpRequired brought. @throws NotSignedIn, TooMany */
  signInWithCode(challenge: string, otp: string, client: Client, now: Date): Promise<SignedIn>;
  /** Ends the session; already ended is fine. */
  signOut(userId: UserId, sessionId: string, now: Date): Promise<void>;
  /** The user and session a JWT speaks for. @throws NotSignedIn when it is invalid, expired or its session has ended */
  identify(token: string, now: Date): Promise<{ user: SessionUser; sessionId: string; tokenExpiresAt: Date }>;
  /** A fresh JWT for a living session (the cookie is renewed in the token's last day). */
  renew(userId: UserId, sessionId: string, now: Date): Promise<{ token: string; expiresAt: Date }>;
  /** Whether anybody administers this server yet. Once it is so it stays so, and nobody is asked again. */
  hasAdministrator(): Promise<boolean>;
  /** True while no administrator exists and the one-time link printed at the start is valid. */
  isSetupTokenValid(token: string): Promise<boolean>;
  /** Creates the first administrator through the one-time link; the link is used up. @throws NotAllowed, InvalidInput, Conflict */
  createFirstAdmin(token: string, account: NewAccount, now: Date): Promise<{ id: UserId; email: string }>;
}

export interface NewAccount {
  email: string;
  password: string;
  firstName: string;
  lastName: string;
}

export type InverterState = 'producing' | 'idle' | 'asleep' | 'stale' | 'offline' | 'never_seen' | 'waiting';

export interface InverterSummary {
  id: InverterId;
  name: string;
  serial: string;
  kind: DeviceKind;
  state: InverterState;
  siteId: SiteId;
  timeZone: string;
  ratedPowerW: number | null;
  mpptCount: number | null;
  /** Anything at all heard of it. */
  lastSeenAt: Date | null;
  /** The newest live sample's power and time; null before the first. */
  powerW: number | null;
  sampledAt: Date | null;
  /** Seconds after which a value of this inverter is out of date: three of its intervals. */
  staleAfterS: number;
  /** Booked today in the site's zone; null while nothing was ever booked. */
  energyTodayWh: number | null;
  /** First good counter plus everything booked; null while nothing was ever booked. */
  energyTotalWh: number | null;
}

export interface ChannelCurrent {
  channel: number;
  name: string | null;
  powerW: number | null;
  voltageV: number | null;
  currentA: number | null;
  energyTodayWh: number | null;
  energyTotalWh: number | null;
  irradiationPct: number | null;
}

export interface PhaseCurrent {
  voltageV: number | null;
  currentA: number | null;
  powerW: number | null;
}

/** The newest live sample of one inverter, with what was booked so far. */
export interface InverterCurrent extends InverterSummary {
  receivedAt: Date | null;
  /** Seconds since `sampledAt`; null before the first sample. */
  ageS: number | null;
  /** The device's own lifetime figure. */
  counterTotalWh: number | null;
  powerDcW: number | null;
  voltageV: number | null;
  currentA: number | null;
  frequencyHz: number | null;
  powerFactor: number | null;
  temperatureC: number | null;
  inverterSerial: string | null;
  phases: PhaseCurrent[];
  channels: ChannelCurrent[];
  maxPowerTodayW: number | null;
  avgPowerLastHourW: number | null;
}

export interface NewInverter {
  name: string;
  serial: string;
  kind: DeviceKind;
}

export interface InverterChange {
  name?: string | undefined;
  /** Null: what the device says. */
  ratedPowerW?: number | null | undefined;
  mpptCount?: number | null | undefined;
  siteId?: SiteId | undefined;
}

/** Something noticed about an inverter's data: `gap`, `quarantined`, `rebased`, … */
export interface InverterEvent {
  id: number;
  at: Date;
  kind: string;
  /** 0 is the inverter, 1… an input; null where it concerns none of them alone. */
  channel: number | null;
  detail: Record<string, unknown>;
}

export interface InverterService {
  list(userId: UserId, now: Date): Promise<InverterSummary[]>;
  /** @throws NotFound also for another tenant's */
  current(userId: UserId, inverterId: InverterId, now: Date, signal?: AbortSignal): Promise<InverterCurrent>;
  /** The same of several, read together; those that are not the account's are left out. */
  currents(userId: UserId, inverterIds: readonly InverterId[], now: Date): Promise<InverterCurrent[]>;
  /** @throws Conflict when this account has that serial already, InvalidInput, NotAllowed while the account is not verified */
  add(
    user: SessionUser,
    inverter: NewInverter,
    now: Date,
  ): Promise<{ id: InverterId; serial: string; name: string; kind: DeviceKind }>;
  /** What is left out stays. @throws NotFound, InvalidInput also for a site of another account */
  update(userId: UserId, inverterId: InverterId, change: InverterChange): Promise<void>;
  /** A name of null is the device's again. @throws NotFound where nothing is known of such an input */
  updateChannel(
    userId: UserId,
    inverterId: InverterId,
    channel: number,
    change: { name?: string | null | undefined; peakPowerW?: number | null | undefined },
  ): Promise<{ channel: number; name: string | null; peakPowerW: number | null }>;
  /**
   * Says what the account's inverter with this serial is; where it has none, and the account is an administrator's, anybody's if that is
   * wanted. @throws NotFound, Conflict when several devices have that serial
   */
  describe(
    userId: UserId,
    serial: string,
    what: { ratedPowerW: number; mpptCount: number },
    options: { anybodys: boolean },
  ): Promise<{ id: InverterId; serial: string; name: string; ratedPowerW: number | null; mpptCount: number | null }>;
  /** What was noticed about it, newest first. `after` is the last event that was read before, or 0. @throws NotFound */
  events(userId: UserId, inverterId: InverterId, page: { after: number; limit: number }): Promise<InverterEvent[]>;
  /** Removes the inverter with everything measured of it. `from` is where that was asked, for the audit log. */
  remove(userId: UserId, inverterId: InverterId, now: Date, from?: Client): Promise<void>;
}

export type PowerBucket = 'raw' | '1m' | '5m' | '15m' | '1h' | '1d';

export interface PowerPoint {
  time: Date;
  powerW: number;
  powerMaxW: number;
  /** The lowest single value; absent where it was not asked for or its samples are gone. */
  powerMinW?: number;
}

/** In V and A. */
export type InputMeasure = 'voltage' | 'current';

/** Mean and highest value of a bucket. */
export interface InputPoint {
  time: Date;
  value: number;
  max: number;
}

export type EnergyBucket = '15m' | 'hour' | 'day' | 'month' | 'year';

/** What is asked of energy. A text is a date `YYYY-MM-DD` in the site's zone and means its first instant. */
export interface EnergyRange {
  /** Inclusive; null: where the day, month or year that `to` lies in began, for years the beginning of everything. */
  from: Date | string | null;
  /** Exclusive. */
  to: Date | string;
  bucket: EnergyBucket;
  /** 0, the default, is the inverter, 1… an input. */
  channel?: number;
  /** Of all of the account only these; their days are the account's. */
  only?: readonly InverterId[];
  /** Ends the reading, the statement under way included. */
  signal?: AbortSignal;
}

/** A counter reading that could not be believed: it is kept as it was told, and nothing of it is booked. */
export interface Disbelieved {
  at: Date;
  inverterId: InverterId;
  /** 0 is the inverter, 1… an input. */
  channel: number;
}

export interface EnergyPoint {
  start: Date;
  energyWh: number;
  /** Whether part of it was inferred, not counted; and how much. */
  estimated: boolean;
  estimatedWh: number;
}

export interface EnergySeries {
  bucket: EnergyBucket;
  /** Hours, days, months and years are this zone's. */
  timeZone: string;
  /** Sum of the points; null where nothing is known. */
  totalWh: number | null;
  /** A bucket of which nothing is known is missing. */
  points: EnergyPoint[];
}

export interface StatisticsService {
  /**
   * A gap is a missing point. Channel 0, the default, is AC. `withLowest` tells the lowest values too: of AC, by quarters and hours of up
   * to a month, for they are looked up among the samples.
   * @throws NotFound, InvalidInput when the range holds more than 5 000 points
   */
  power(
    userId: UserId,
    inverterId: InverterId,
    range: { from: Date; to: Date; bucket: PowerBucket; channel?: number; withLowest?: boolean; signal?: AbortSignal },
  ): Promise<{ bucket: PowerBucket; points: PowerPoint[] }>;
  /**
   * All inverters of the account together or `only` these of them, by five minutes if nothing else is said; where none measured, the
   * point is missing.
   */
  accountPower(
    userId: UserId,
    range: { from: Date; to: Date; bucket?: Exclude<PowerBucket, 'raw'>; only?: readonly InverterId[] },
  ): Promise<PowerPoint[]>;
  /** The same of all together and of `some` of them: what costs is looking at the samples, which is done once. */
  accountPowers(
    userId: UserId,
    range: { from: Date; to: Date; bucket: Exclude<PowerBucket, 'raw'>; some: readonly InverterId[] },
  ): Promise<{ all: PowerPoint[]; some: PowerPoint[] }>;
  /** Voltage or current of one input (1…), by buckets of UTC. @throws NotFound, InvalidInput when the range is longer than a month */
  input(
    userId: UserId,
    inverterId: InverterId,
    range: { from: Date; to: Date; bucket: Exclude<PowerBucket, 'raw'>; channel: number; measure: InputMeasure },
  ): Promise<InputPoint[]>;
  /**
   * Energy booked to one inverter or, with null, to all of the account, whose days are those of its first site.
   * @throws NotFound, InvalidInput when the range is empty or holds more than 5 000 points
   */
  energy(userId: UserId, inverterId: InverterId | null, range: EnergyRange): Promise<EnergySeries>;
  /** Of these inverters of the account, in order of time; the newest thousand, at most one an hour of each counter. */
  disbelieved(
    userId: UserId,
    inverterIds: readonly InverterId[],
    range: { from: Date; to: Date },
  ): Promise<Disbelieved[]>;
}

export type ApiKeyScope = 'ingest' | 'read' | 'full';

/** A key as its owner sees it: never the key itself. */
export interface ApiKeySummary {
  id: number;
  name: string;
  scope: ApiKeyScope;
  /** Its last group, to tell keys apart. */
  hint: string;
  createdAt: Date;
  expiresAt: Date | null;
  /** To within a few minutes; null: never used. */
  lastUsedAt: Date | null;
}

/** Who sent a key, and what it may do. */
export interface IdentifiedKey {
  user: SessionUser;
  keyId: number;
  scope: ApiKeyScope;
}

export interface ApiKeyService {
  /** Every key that was not revoked, newest first; also those that are over. */
  list(userId: UserId): Promise<ApiKeySummary[]>;
  /** It is refused at once, by every process. @throws NotFound also for another tenant's */
  revoke(userId: UserId, keyId: number, now: Date, from?: Client): Promise<void>;
  /** The key is shown this once. @throws InvalidInput, Conflict when the account has too many */
  create(
    userId: UserId,
    key: { name: string; scope: ApiKeyScope; expiresAt: Date | null },
    now: Date,
    from?: Client,
  ): Promise<{ id: number; name: string; scope: ApiKeyScope; key: string }>;
  /** @throws NotSignedIn when no living key is so */
  identify(key: string, now: Date): Promise<IdentifiedKey>;
  /** The same where that needs no query; null where it does, and for a key that is not good. Asks nobody. */
  recall(key: string, now: Date): IdentifiedKey | null;
  /** Whether this process has let the key in before. Asks nobody. */
  remembers(key: string): boolean;
}

/** A device that pushes under a key of the account and is not registered in it. */
export interface PendingDevice {
  kind: DeviceKind;
  serial: string;
  /** What it calls itself. */
  name: string | null;
  /** The family that its serial tells, with its inputs and the power of its strongest member; null where it tells none. */
  model: string | null;
  mpptCount: number | null;
  ratedPowerW: number | null;
  gatewaySerial: string | null;
  firstSeenAt: Date;
  lastSeenAt: Date;
  /** Readings that are kept and will be booked when it is added. */
  readings: number;
}

export interface InboxService {
  /** Newest first. */
  list(userId: UserId): Promise<PendingDevice[]>;
  /**
   * Registers one of them and books what it sent. Without a name it is called as it calls itself.
   * @throws NotFound when it is not in the account's inbox, and whatever `InverterService.add` throws
   */
  claim(
    user: SessionUser,
    device: { kind: DeviceKind; serial: string; name: string | null },
    now: Date,
  ): Promise<{ id: InverterId; serial: string; name: string; kind: DeviceKind }>;
  /** Whether such devices are registered without being asked for. */
  autoAdd(userId: UserId): Promise<boolean>;
  setAutoAdd(userId: UserId, on: boolean): Promise<void>;
}

export interface HealthReport {
  ok: boolean;
  components: Record<'database' | 'collector' | 'worker', string>;
}

export interface HealthService {
  report(now: Date): Promise<HealthReport>;
}
