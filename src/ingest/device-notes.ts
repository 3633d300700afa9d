import type { DbPool } from '../db/pools.ts';
import { householdOf } from '../domain/address.ts';
import { type DeviceKind, MAX_CHANNELS, type UserId } from '../domain/inverter.ts';
import type { Reading } from '../domain/reading.ts';
import type { GatewayFacts } from '../protocols/protocol.ts';
import { noteTls } from '../store/claims.ts';
import { noteDeviceFacts, noteEvents, noteGateway, noteUnclaimed, type ResolvedDevice } from '../store/devices.ts';
import type { NotedEvent } from '../store/samples.ts';
import type { Logger } from '../telemetry/logger.ts';

const MINUTE_MS = 60_000;
/** A device that is heard from two sides would otherwise say so with every packet. */
const HOUR_MS = 3_600_000;
const HOURLY_EVENTS: ReadonlySet<NotedEvent['kind']> = new Set(['new_address']);
const DAY_MS = 24 * 60 * MINUTE_MS;
/** A device with a wrong clock repeats itself with every reading, two gateways with every push. */
const LASTING_EVENTS: ReadonlySet<string> = new Set(['clock_unset', 'two_gateways']);
const MAX_REMEMBERED = 50_000;
const MAX_NAME_LENGTH = 100;
const MAX_UNDER_WAY = 32;

/**
 * What is learnt about devices on the side: last seen, firmware, rated power, names of inputs, unknown serials. It is written beside
 * the readings' path and never holds an answer back; a note that fails is logged and comes again with the next packet.
 */
export class DeviceNotes {
  readonly #pool: DbPool;
  readonly #log: Logger;
  /** What was last written and when, by subject, so that the same note costs one row a minute at most. */
  readonly #written = new Map<string, { signature: string; at: number }>();
  #underWay = 0;
  #idle: (() => void)[] = [];

  constructor(pool: DbPool, log: Logger) {
    this.#pool = pool;
    this.#log = log;
  }

  gateway(
    owner: { userId: UserId; inverterId?: number },
    kind: DeviceKind,
    serial: string,
    facts: GatewayFacts | null,
    address: string | null,
    now: Date,
  ): void {
    const told = facts ?? {};
    // The uptime differs in every frame: it is written with the others, but is no reason to write.
    const signature =
      facts === null ? '' : JSON.stringify({ ...told, powerOnTimeS: undefined, handshakeAt: undefined });
    // By address too: that it changed is written at once.
    this.#write(`gateway ${owner.userId} ${kind} ${serial} ${address ?? ''}`, signature, now, async () => {
      const gateway = { userId: owner.userId, kind, serial, facts: { ...told }, seenAt: now, address };
      const before = await noteGateway(this.#pool, gateway);
      if (before === null || address === null || householdOf(before) === householdOf(address)) return;
      if (owner.inverterId === undefined) return;
      const event = { userId: owner.userId, inverterId: owner.inverterId, channel: null, at: now };
      this.event({ ...event, kind: 'new_address', detail: { address, before } });
    });
  }

  /** Two connections speak for one device at the same time. */
  twoGateways(device: { userId: UserId; inverterId: number }, addresses: readonly string[], now: Date): void {
    const { userId, inverterId } = device;
    this.event({ userId, inverterId, channel: null, at: now, kind: 'two_gateways', detail: { addresses } });
  }

  /** A peer that tells no serial: a logger whose firmware speaks TLS. */
  tlsHello(address: string, now: Date): void {
    this.#write(`tls ${householdOf(address)}`, '', now, () => noteTls(this.#pool, address, now));
  }

  unclaimed(serial: string, address: string, now: Date): void {
    this.#write(`unclaimed ${serial}`, address, now, () => noteUnclaimed(this.#pool, serial, now, address));
  }

  facts(device: ResolvedDevice, reading: Reading): void {
    const facts = {
      ratedPowerW: positive(reading.ratedPowerW, 1_000_000),
      mpptCount: positive(reading.mpptCount, MAX_CHANNELS),
      inverterSerial: reading.inverterSerial,
      gatewaySerial: reading.gatewaySerial,
      channels: reading.channels.map((c) => ({
        channel: c.channel,
        name: c.name === null || c.name === '' ? null : c.name.slice(0, MAX_NAME_LENGTH),
      })),
    };
    const signature = JSON.stringify(facts);
    const subject = `facts ${device.userId} ${device.inverterId}`;
    // Facts change once in years: written when they differ from what was written last, not every minute.
    if (this.#written.get(subject)?.signature === signature) return;
    this.#write(subject, signature, new Date(), () => noteDeviceFacts(this.#pool, device, facts));
  }

  /** Once a minute for each inverter and kind, or once a day where it is a state that lasts until somebody mends it. */
  event(event: NotedEvent): void {
    const everyMs = LASTING_EVENTS.has(event.kind) ? DAY_MS : HOURLY_EVENTS.has(event.kind) ? HOUR_MS : MINUTE_MS;
    this.#write(
      `event ${event.userId} ${event.inverterId} ${event.kind}`,
      '',
      event.at,
      () => noteEvents(this.#pool, [event]),
      everyMs,
    );
  }

  /** Waits for the notes under way: for a clean stop, and for tests. */
  async settled(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #write(subject: string, signature: string, now: Date, work: () => Promise<void>, everyMs = MINUTE_MS): void {
    const last = this.#written.get(subject);
    const recent = last !== undefined && now.getTime() - last.at < everyMs;
    if (recent && (signature === '' || last.signature === signature)) return;
    // Under a storm notes are shed, never queued without bound; the next packet brings them again.
    if (this.#underWay >= MAX_UNDER_WAY) return;
    if (this.#written.size >= MAX_REMEMBERED) this.#written.clear();
    this.#written.set(subject, {
      signature: signature === '' ? (last?.signature ?? '') : signature,
      at: now.getTime(),
    });
    this.#underWay++;
    work()
      .catch((error: unknown) => {
        this.#written.delete(subject);
        this.#log.warn({ err: error, subject }, 'could not note what a device said about itself');
      })
      .finally(() => {
        this.#underWay--;
        if (this.#underWay === 0) for (const wake of this.#idle.splice(0)) wake();
      });
  }
}

function positive(value: number | null, max: number): number | null {
  return value !== null && Number.isFinite(value) && value >= 1 && value <= max ? Math.round(value) : null;
}
