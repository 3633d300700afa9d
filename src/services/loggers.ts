import { asTenant, type Tx } from '../db/as-tenant.ts';
import type { DbPool } from '../db/pools.ts';
import { RESTART_WINDOW_MS } from '../domain/claim.ts';
import { NotFound, TooMany } from '../domain/errors.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';
import { askRestart, type ClaimStateRow, readClaimState, readTlsNearby, releaseLogger } from '../store/claims.ts';
import { audit } from '../store/inverters.ts';
import { type GatewayRow, listKeptFrames, readGateway, readSerial, summariseKeptFrames } from '../store/loggers.ts';
import type { ClaimState, GatewayInfo, LoggerDetails, LoggerService } from './logger-service.ts';

/** Whoever needs more restarts than this has another problem; whoever waits for another's logger to wake up gets no more either. */
const RESTARTS_A_DAY = 5;
const DAY_MS = 86_400_000;

export function createLoggerService(pool: DbPool): LoggerService {
  return {
    details: (userId, inverterId, now) =>
      asTenant(pool, userId, async (tx) => {
        await serialOf(tx, userId, inverterId);
        return readDetails(tx, userId, inverterId, now);
      }),

    askRestart: (userId, inverterId, now) =>
      asTenant(pool, userId, async (tx) => {
        await serialOf(tx, userId, inverterId);
        const asked = await askRestart(tx, inverterId, now, RESTARTS_A_DAY);
        if (asked === false) {
          throw new TooMany('A restart was announced too often today.', DAY_MS / 1000);
        }
        return readDetails(tx, userId, inverterId, now);
      }),

    release: (userId, inverterId, now, from) =>
      asTenant(pool, userId, async (tx) => {
        const serial = await serialOf(tx, userId, inverterId);
        if (!(await releaseLogger(tx, inverterId, now))) return;
        const detail = { inverter_id: inverterId, serial };
        await audit(tx, { actorId: userId, userId, action: 'logger.released', detail, address: from?.address });
      }),

    frames: (userId, inverterId) =>
      asTenant(pool, userId, async (tx) => ({
        serial: await serialOf(tx, userId, inverterId),
        frames: await listKeptFrames(tx, userId, inverterId),
      })),
  };
}

async function serialOf(tx: Tx, userId: UserId, inverterId: InverterId): Promise<string> {
  const serial = await readSerial(tx, userId, inverterId);
  if (serial === null) throw new NotFound(`There is no inverter ${inverterId} in this account.`);
  return serial;
}

async function readDetails(tx: Tx, userId: UserId, inverterId: InverterId, now: Date): Promise<LoggerDetails> {
  const claim = await readClaimState(tx, inverterId);
  const gateway = await readGateway(tx, userId, inverterId);
  const keptFrames = await summariseKeptFrames(tx, userId, inverterId);
  // A logger that is connected does not speak TLS; what its neighbours do is no business of this page.
  const tls = gateway === null ? await readTlsNearby(tx, new Date(now.getTime() - DAY_MS)) : null;
  return {
    claim: claim === null ? null : claimState(claim, now),
    gateway: gateway === null ? null : gatewayInfo(gateway),
    keptFrames: keptFrames.filter(({ reason }) => reason !== 'undated'),
    tls,
  };
}

function claimState({ restartAskedAt, ...row }: ClaimStateRow, now: Date): ClaimState {
  const until = restartAskedAt === null ? null : new Date(restartAskedAt.getTime() + RESTART_WINDOW_MS);
  return { ...row, restartUntil: until !== null && until > now ? until : null };
}

/** The facts are what a device said of itself: each is looked at before it is believed to be what its name says. */
function gatewayInfo({ facts, lastSeenAt, lastAddress }: GatewayRow): GatewayInfo {
  const text = (name: string): string | null => (typeof facts[name] === 'string' ? facts[name] : null);
  const number = (name: string): number | null => (typeof facts[name] === 'number' ? facts[name] : null);
  const time = (name: string): Date | null => {
    const at = new Date(text(name) ?? Number.NaN);
    return Number.isNaN(at.getTime()) ? null : at;
  };
  return {
    firmware: text('firmware'),
    hardware: text('hardware'),
    localAddress: text('localAddress'),
    macAddress: text('macAddress'),
    wifiName: text('wifiName'),
    signalPct: number('signalPct'),
    uploadPeriodS: number('uploadPeriodS'),
    samplePeriodS: number('samplePeriodS'),
    heartbeatPeriodS: number('heartbeatPeriodS'),
    inverterFirmware: text('inverterFirmware'),
    handshakeAt: time('handshakeAt'),
    lastSeenAt,
    lastAddress,
  };
}
