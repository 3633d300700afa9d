import type { InverterId, UserId } from '../domain/inverter.ts';
import type { Client } from './services.ts';

/** How it stands with a Solarman logger that waits for a proof of whose it is. */
export interface ClaimState {
  /** Until when a restart counts that was announced; null when none was. */
  restartUntil: Date | null;
  /** This account gave it up: only a restart brings it back. */
  isReleased: boolean;
  /** It belongs to another account. */
  isTaken: boolean;
  /** Another account waits for it too. */
  hasRivals: boolean;
  /** When it was last here; null when never, or when it is another's. */
  lastSeenAt: Date | null;
}

/** What the gateway that speaks for an inverter said of itself; unsaid is null. */
export interface GatewayInfo {
  firmware: string | null;
  hardware: string | null;
  /** In its own network. */
  localAddress: string | null;
  macAddress: string | null;
  wifiName: string | null;
  signalPct: number | null;
  uploadPeriodS: number | null;
  samplePeriodS: number | null;
  heartbeatPeriodS: number | null;
  inverterFirmware: string | null;
  handshakeAt: Date | null;
  lastSeenAt: Date;
  /** From where it came last. */
  lastAddress: string | null;
}

/** Payloads of one kind that nothing could be made of yet. */
export interface KeptFrames {
  /** e.g. `0x5413`. */
  layout: string;
  reason: string;
  count: number;
  lastReceivedAt: Date;
}

export interface LoggerDetails {
  /** Null: it waits for nothing. */
  claim: ClaimState | null;
  /** Null: nothing was ever heard of it under this account. */
  gateway: GatewayInfo | null;
  keptFrames: KeptFrames[];
  /** A logger near this user that tried TLS within a day, while this one is not connected. */
  tls: { address: string; lastSeenAt: Date } | null;
}

export interface LoggerService {
  /** @throws NotFound */
  details(userId: UserId, inverterId: InverterId, now: Date): Promise<LoggerDetails>;
  /** "I restart it now": a fresh power-on within a quarter of an hour proves the logger. Nothing when it does not wait. @throws NotFound, TooMany */
  askRestart(userId: UserId, inverterId: InverterId, now: Date): Promise<LoggerDetails>;
  /** Gives the logger up; what was measured stays. Nothing when it waits, or is no logger. @throws NotFound */
  release(userId: UserId, inverterId: InverterId, now: Date, from?: Client): Promise<void>;
  /** Everything kept as it came, oldest first. @throws NotFound */
  frames(
    userId: UserId,
    inverterId: InverterId,
  ): Promise<{ serial: string; frames: { receivedAt: Date; layout: string; reason: string; bytes: Buffer }[] }>;
}
