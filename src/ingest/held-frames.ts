import type { DbPool } from '../db/pools.ts';
import { Unavailable } from '../domain/errors.ts';
import type { InverterId } from '../domain/inverter.ts';
import type { BootClock, RawPayload } from '../protocols/protocol.ts';
import { solarman } from '../protocols/solarman/index.ts';
import { keepRaw, type ResolvedDevice } from '../store/devices.ts';
import { giveUpFrames, type InverterKey, type KeptFrame, readHeldFrames, readHolding } from '../store/held-frames.ts';
import type { Sample } from '../store/samples.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Batcher } from './batcher.ts';
import type { DeviceResolver } from './resolve.ts';
import type { SampleMaker } from './sample-maker.ts';

/** The frame that tells the time usually comes just after (solarman-v5 §2.6); so long it is waited for. */
const HOLD_MS = 600_000;
/** Power-ons tried for one device; a logger that tells of more tries them again. */
const MAX_TRIED = 64;

export interface HeldFramesOptions {
  pool: DbPool;
  resolver: DeviceResolver;
  batcher: Batcher;
  samples: SampleMaker;
  log: Logger;
}

interface Holding extends InverterKey {
  serial: string;
  /** Clocks by which what is held was looked at: none of it is of those power-ons. */
  tried: Set<string>;
  /** What handshakes told by their arrival, for what no frame dates: one may have been long under way. */
  reckoned: BootClock[];
}

/**
 * Samples that loggers took before they knew the time. They were acknowledged, so they lie in the database, and nowhere else, until they
 * have a date: by the next frame of the same power-on that tells the time, on whatever connection and in whatever process; else, after ten minutes, by
 * when a handshake of it came or by the inverter's own clock; else they stay there for their owner.
 */
export class HeldFrames {
  readonly #options: HeldFramesOptions;
  readonly #holding = new Map<InverterId, Holding>();
  /** One at a time for each device. */
  readonly #underWay = new Map<InverterId, Promise<void>>();
  #watchingSince: Date | null = null;
  /** Plain counters for the metrics. */
  readonly counts = { kept: 0, dated: 0, undatable: 0 };

  constructor(options: HeldFramesOptions) {
    this.#options = options;
  }

  /**
   * Keeps a sample of this device to wait for its date; durable when it settles. A clock that is told meanwhile waits for it.
   * @throws Unavailable
   */
  async keep(device: ResolvedDevice, raw: RawPayload, now: Date): Promise<void> {
    const { userId, inverterId, serial } = device;
    const reckoned = this.#holding.get(inverterId)?.reckoned ?? [];
    this.#holding.set(inverterId, { userId, inverterId, serial, tried: new Set(), reckoned });
    await this.#enqueue(inverterId, () => keepRaw(this.#options.pool, device, raw, now));
    this.counts.kept += 1;
  }

  /**
   * A frame of this device told its clock: whatever waits for it is booked.
   * @returns what settles when that is done, and never rejects; null where nothing waits for this clock
   */
  learn(device: ResolvedDevice, clock: BootClock, now: Date): Promise<void> | null {
    const holding = this.#holding.get(device.inverterId);
    if (holding === undefined) return null;
    if (!clock.isTold) {
      holding.reckoned = [...holding.reckoned, clock].slice(-MAX_TRIED);
      return null;
    }
    const name = String(clock.startS);
    if (holding.tried.has(name)) return null;
    if (holding.tried.size >= MAX_TRIED) holding.tried.clear();
    holding.tried.add(name);
    return this.#bookSoon(device, [clock], now, false);
  }

  /**
   * Looks what is waiting and settles what has waited long enough; for the collector to call every minute. What was waiting before this
   * process began to watch gets its ten minutes too: its logger may be on its way.
   * @throws Unavailable
   */
  async tend(now: Date): Promise<void> {
    this.#watchingSince ??= now;
    const { pool, resolver } = this.#options;
    const before = new Map(this.#holding);
    const found = await readHolding(pool);
    for (const { inverterId } of found) before.delete(inverterId);
    // What was noted meanwhile is another entry, and stays.
    for (const [inverterId, gone] of before) this.#forgetHolding(inverterId, gone);
    for (const one of found) {
      if (!this.#holding.has(one.inverterId))
        this.#holding.set(one.inverterId, { ...one, tried: new Set(), reckoned: [] });
    }
    if (found.length === 0 || now.getTime() - this.#watchingSince.getTime() < HOLD_MS) return;
    const serials = found.map(({ serial }) => serial);
    const devices = await resolver.resolve('solarman', null, serials, now.getTime());
    // Those that wait for a proof are nobody's at the moment: theirs stay as they are.
    await Promise.all([...devices.values()].map((device) => this.#bookSoon(device, [], now, true)));
  }

  /** Waits for what is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  /** Behind what is under way for this device. */
  #enqueue(inverterId: InverterId, work: () => Promise<void>): Promise<void> {
    const done = (this.#underWay.get(inverterId) ?? Promise.resolve()).then(work);
    const next = done.catch(() => undefined);
    this.#underWay.set(inverterId, next);
    void next.then(() => {
      if (this.#underWay.get(inverterId) === next) this.#underWay.delete(inverterId);
    });
    return done;
  }

  /** Never rejects. */
  async #bookSoon(device: ResolvedDevice, clocks: readonly BootClock[], now: Date, isDue: boolean): Promise<void> {
    const { inverterId, serial } = device;
    try {
      await this.#enqueue(inverterId, () => this.#book(device, clocks, now, isDue));
    } catch (error) {
      this.#holding.get(inverterId)?.tried.clear();
      this.#options.log.warn({ err: error, serial }, 'samples that waited for their date were not booked yet');
    }
  }

  async #book(device: ResolvedDevice, clocks: readonly BootClock[], now: Date, isDue: boolean): Promise<void> {
    const { pool, batcher, samples } = this.#options;
    const holding = this.#holding.get(device.inverterId);
    const all = await readHeldFrames(pool, device);
    const frames = isDue
      ? all.filter(({ receivedAt }) => now.getTime() - receivedAt.getTime() >= HOLD_MS)
      : all.map((frame) => ({ ...frame, reckonedAt: null }));
    const readings = solarman.replay(frames, device.serial, isDue ? (holding?.reckoned ?? []) : clocks);
    const undatable: KeptFrame[] = [];
    const made: Sample[] = [];
    frames.forEach((frame, i) => {
      const reading = readings[i] ?? null;
      if (reading !== null && reading.sampledAt === null && !isDue) return;
      const sample = reading === null ? null : samples.make(reading, device, now, frame.receivedAt).sample;
      if (sample === null) undatable.push(frame);
      else made.push({ ...sample, mayMove: true, keptAs: frame.id });
    });
    const outcomes = await batcher.submit(made);
    if (outcomes.includes('gone')) throw new Unavailable('The inverter was deleted while its data was stored.');
    this.counts.dated += made.length;
    this.counts.undatable += undatable.length;
    const ids = undatable.map(({ id }) => id);
    if (ids.length > 0) await giveUpFrames(pool, device, ids);
    if (made.length + undatable.length === all.length) this.#forgetHolding(device.inverterId, holding);
  }

  #forgetHolding(inverterId: InverterId, holding: Holding | undefined): void {
    if (this.#holding.get(inverterId) === holding) this.#holding.delete(inverterId);
  }
}
