import type { DbPool } from '../db/pools.ts';
import { householdOf } from '../domain/address.ts';
import { type DeviceKind, MAX_CHANNELS, type UserId } from '../domain/inverter.ts';
import type { Reading } from '../domain/reading.ts';
import type { GatewayFacts } from '../protocols/protocol.ts';
import { noteTls } from '../store/claims.ts';
import {
  noteDevicesFacts,
  noteEvents,
  noteGateways,
  noteUnclaimed,
  type ResolvedDevice,
  type ToldFacts,
  type ToldGateway,
} from '../store/devices.ts';
import type { NotedEvent } from '../store/samples.ts';
import type { Logger } from '../telemetry/logger.ts';
import { NoteGatherer } from './note-gatherer.ts';

const MINUTE_MS = 60_000;
/** A device that is heard from two sides would otherwise say so with every packet. */
const HOUR_MS = 3_600_000;
const HOURLY_EVENTS: ReadonlySet<NotedEvent['kind']> = new Set(['new_address']);
const DAY_MS = 24 * 60 * MINUTE_MS;
/** A device with a wrong clock repeats itself with every reading, two gateways with every push. */
const LASTING_EVENTS: ReadonlySet<string> = new Set(['clock_unset', 'two_gateways']);
const MAX_REMEMBERED = 50_000;
const MAX_NAME_LENGTH = 100;
const MAX_RATED_W = 1_000_000;
const MAX_UNDER_WAY = 32;

interface GatheredGateway {
  subject: string;
  inverterId: number | null;
  told: ToldGateway;
}

interface GatheredFacts {
  subject: string;
  told: ToldFacts;
}

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
  readonly #gateways: NoteGatherer<GatheredGateway>;
  readonly #facts: NoteGatherer<GatheredFacts>;

  constructor(pool: DbPool, log: Logger) {
    this.#pool = pool;
    this.#log = log;
    const forget = (subjects: readonly string[], error: unknown): void => this.#forget(subjects, error);
    this.#gateways = new NoteGatherer<GatheredGateway>((notes) => this.#noteGateways(notes), forget);
    const noteFacts = (notes: readonly GatheredFacts[]): Promise<void> =>
      noteDevicesFacts(
        pool,
        notes.map(({ told }) => told),
      );
    this.#facts = new NoteGatherer<GatheredFacts>(noteFacts, forget);
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
    const subject = `gateway ${owner.userId} ${kind} ${serial} ${address ?? ''}`;
    if (!this.#isDue(subject, signature, now, MINUTE_MS)) return;
    const isTaken = this.#gateways.add({
      subject,
      inverterId: owner.inverterId ?? null,
      told: { userId: owner.userId, kind, serial, facts: { ...told }, seenAt: now, address },
    });
    if (isTaken) this.#mark(subject, signature, now);
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
    const subject = `facts ${device.userId} ${device.inverterId}`;
    const signature = signatureOf(reading);
    // Facts change once in years: written when they differ from what was written last, not every minute.
    if (this.#written.get(subject)?.signature === signature) return;
    const told = {
      userId: device.userId,
      inverterId: device.inverterId,
      ratedPowerW: positive(reading.ratedPowerW, MAX_RATED_W),
      mpptCount: positive(reading.mpptCount, MAX_CHANNELS),
      inverterSerial: reading.inverterSerial,
      gatewaySerial: reading.gatewaySerial,
      channels: reading.channels.map((c) => ({
        channel: c.channel,
        name: c.name === null || c.name === '' ? null : c.name.slice(0, MAX_NAME_LENGTH),
      })),
    };
    if (this.#facts.add({ subject, told })) this.#mark(subject, signature, new Date());
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
    await Promise.all([this.#gateways.settled(), this.#facts.settled()]);
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #noteGateways(gathered: readonly GatheredGateway[]): Promise<void> {
    const before = await noteGateways(
      this.#pool,
      gathered.map(({ told }) => told),
    );
    gathered.forEach(({ inverterId, told: { userId, address, seenAt } }, i) => {
      const last = before[i] ?? null;
      if (last === null || address === null || inverterId === null || householdOf(last) === householdOf(address))
        return;
      const event = { userId, inverterId, channel: null, at: seenAt };
      this.event({ ...event, kind: 'new_address', detail: { address, before: last } });
    });
  }

  #write(subject: string, signature: string, now: Date, work: () => Promise<void>, everyMs = MINUTE_MS): void {
    // Under a storm notes are shed, never queued without bound; the next packet brings them again.
    if (!this.#isDue(subject, signature, now, everyMs) || this.#underWay >= MAX_UNDER_WAY) return;
    this.#mark(subject, signature, now);
    this.#run(subject, work);
  }

  #isDue(subject: string, signature: string, now: Date, everyMs: number): boolean {
    const last = this.#written.get(subject);
    const recent = last !== undefined && now.getTime() - last.at < everyMs;
    return !(recent && (signature === '' || last.signature === signature));
  }

  #mark(subject: string, signature: string, now: Date): void {
    const before = this.#written.get(subject)?.signature ?? '';
    if (this.#written.size >= MAX_REMEMBERED) this.#written.clear();
    this.#written.set(subject, { signature: signature === '' ? before : signature, at: now.getTime() });
  }

  #run(subject: string, work: () => Promise<void>): void {
    this.#underWay++;
    work()
      .catch((error: unknown) => this.#forget([subject], error))
      .finally(() => {
        this.#underWay--;
        if (this.#underWay === 0) for (const wake of this.#idle.splice(0)) wake();
      });
  }

  /** What could not be noted is not taken for known. */
  #forget(subjects: readonly string[], error: unknown): void {
    for (const subject of subjects) this.#written.delete(subject);
    this.#log.warn(
      { err: error, subject: subjects[0], count: subjects.length },
      'could not note what a device said about itself',
    );
  }
}

/** All that `facts` writes of a reading, told apart without making it: every push asks. */
function signatureOf(reading: Reading): string {
  const { ratedPowerW, mpptCount, inverterSerial, gatewaySerial } = reading;
  let signature = `${positive(ratedPowerW, MAX_RATED_W)} ${positive(mpptCount, MAX_CHANNELS)} ${inverterSerial} ${gatewaySerial}`;
  for (const { channel, name } of reading.channels) signature += `\n${channel} ${name ?? ''}`;
  return signature;
}

function positive(value: number | null, max: number): number | null {
  return value !== null && Number.isFinite(value) && value >= 1 && value <= max ? Math.round(value) : null;
}
