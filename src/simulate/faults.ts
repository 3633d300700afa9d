import { hash, hashUnit } from './random.ts';

/**
 * What goes wrong, and when: planned by chance that can be repeated, before any socket is opened. A device's time is cut into slots
 * of equal length, and in each of them it has at most one fault, which is over well before the slot ends. So no fault hides another,
 * and what a correct server makes of each is known beforehand.
 */
export const FAULT_KINDS = ['reboots', 'glitches', 'outages', 'clocks', 'duplicates', 'storms', 'tls'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultOptions {
  kinds: ReadonlySet<FaultKind>;
  /** Simulated seconds between two faults of one device, on average; also between two storms. */
  everyS: number;
}

export type Glitch = 'spike' | 'flip' | 'fall';

/** A fault of one device. */
export type Fault =
  /** It starts anew: the time is forgotten, and the counters are 0 until its next sample. */
  | { kind: 'reboots' }
  /** One sample's counters are nonsense. */
  | { kind: 'glitches'; glitch: Glitch; chance: number }
  /** No network until then; a logger goes on measuring and keeps what it measures. */
  | { kind: 'outages'; untilMs: number }
  /** One sample bears a time of 1970, or of next year. */
  | { kind: 'clocks'; clock: 'unset' | 'future' }
  /** One sample comes once more: at once, because the network doubled it, or as a stored one, because its answer was lost. */
  | { kind: 'duplicates'; way: 'twice' | 'again' };

/** The kinds that befall single devices, as opposed to the fleet. */
export type DeviceFaultKind = Fault['kind'];
const DEVICE_KINDS = [
  'reboots',
  'glitches',
  'outages',
  'clocks',
  'duplicates',
] as const satisfies readonly DeviceFaultKind[];

/** Fewer samples between two faults than this, and one would run into the next. */
export const MIN_SAMPLES_A_FAULT = 6;
/** Parts of a slot: where a fault begins, after which it is too late for it, and where an outage ends. */
const BEGINS = [0.1, 0.3] as const;
const TOO_LATE = 0.5;
const ENDS = [0.5, 0.7] as const;

/** The fault of one slot, with its start; null when no kind that befalls devices is wanted. */
export function faultIn(seed: number, slot: number, options: FaultOptions): { startMs: number; fault: Fault } | null {
  const kinds = DEVICE_KINDS.filter((kind) => options.kinds.has(kind));
  if (kinds.length === 0) return null;
  const own = hash(seed, slot);
  const chance = (n: number) => hashUnit(own, n);
  const kind = kinds[Math.floor(chance(1) * kinds.length)] ?? 'glitches';
  const slotMs = options.everyS * 1000;
  const at = ([low, high]: readonly [number, number], n: number) => (slot + low + (high - low) * chance(n)) * slotMs;
  const startMs = at(BEGINS, 2);
  switch (kind) {
    case 'glitches':
      return { startMs, fault: { kind, glitch: pick(['spike', 'flip', 'fall'], chance(3)), chance: chance(4) } };
    case 'outages':
      return { startMs, fault: { kind, untilMs: at(ENDS, 3) } };
    case 'clocks':
      return { startMs, fault: { kind, clock: pick(['unset', 'future'], chance(3)) } };
    case 'duplicates':
      return { startMs, fault: { kind, way: pick(['twice', 'again'], chance(3)) } };
    case 'reboots':
      return { startMs, fault: { kind } };
  }
}

/** The faults of one device, each told once. The slot of its first sample is left alone: a server has to get to know it first. */
export class FaultSchedule {
  readonly #seed: number;
  readonly #options: FaultOptions;
  readonly #slotMs: number;
  #slot: number | null = null;

  constructor(seed: number, options: FaultOptions) {
    this.#seed = seed;
    this.#options = options;
    this.#slotMs = options.everyS * 1000;
  }

  /** What happens with the sample of this moment; null for nothing. A fault that was slept through does not happen. */
  due(ms: number): Fault | null {
    const slot = Math.floor(ms / this.#slotMs);
    this.#slot ??= slot;
    if (slot <= this.#slot) return null;
    const planned = faultIn(this.#seed, slot, this.#options);
    if (planned !== null && ms < planned.startMs) return null;
    this.#slot = slot;
    return planned === null || ms > (slot + TOO_LATE) * this.#slotMs ? null : planned.fault;
  }
}

/**
 * The best known of the impossible totals that broken radio frames have brought (devices §0.7): a DTU's, and for loggers, of which a
 * server refuses more than a million kWh before it judges any counter, the smaller one.
 */
const SPIKE_WH = 2_113_405_000;
const LOGGER_SPIKE_WH = 694_419_000;
/** A flipped bit is worth at least this much: what an inverter may have produced meanwhile cannot be told from the truth. */
const SMALLEST_FLIP_WH = 100_000;
const FLIPPABLE_BITS = 9;
const SMALLEST_FALL_WH = 10_000;

/** A lifetime counter as a broken frame has it. @param stepWh what the counter counts in */
export function brokenTotal(
  { glitch, chance }: { glitch: Glitch; chance: number },
  wh: number,
  stepWh: number,
): number {
  const steps = Math.round(wh / stepWh);
  switch (glitch) {
    case 'spike':
      return stepWh === 1 ? SPIKE_WH : LOGGER_SPIKE_WH;
    case 'flip': {
      const lowest = Math.ceil(Math.log2(SMALLEST_FLIP_WH / stepWh));
      return (steps ^ (1 << (lowest + Math.floor(chance * FLIPPABLE_BITS)))) * stepWh;
    }
    case 'fall':
      // Never to 0, which has a meaning of its own
      return Math.max(1, steps - Math.round((SMALLEST_FALL_WH * (1 + 5 * chance)) / stepWh)) * stepWh;
  }
}

/** Every eighth device's clock is off, all the time and by the same amount: it lives in another zone, or nobody has set it. */
const CLOCK_ERRORS_S = [-7_200, -2_400, -90, 240] as const;
const SHARE_OF_WRONG_CLOCKS = 1 / 8;

/** Seconds by which a device's clock is ahead; 0 for most. */
export function clockErrorS(seed: number, { kinds }: FaultOptions): number {
  if (!kinds.has('clocks') || hashUnit(seed, 0xc10c) >= SHARE_OF_WRONG_CLOCKS) return 0;
  return pick(CLOCK_ERRORS_S, hashUnit(seed, 0xc10d));
}

/** Which part of a fleet storm number n hits, and whether a logger belongs to it. */
export function isInStorm(seed: number, storm: number, logger: number): boolean {
  const own = hash(seed, storm);
  return hashUnit(own, 0) / 2 + 0.5 > hashUnit(own, 1 + logger);
}

/** @throws RangeError for a kind that there is not */
export function faultKinds(names: string): Set<FaultKind> {
  if (names === 'all') return new Set(FAULT_KINDS);
  const wanted = names.split(',').filter((name) => name !== '');
  const unknown = wanted.find((name) => !FAULT_KINDS.includes(name as FaultKind));
  if (unknown !== undefined) throw new RangeError(`no fault "${unknown}": there are all, ${FAULT_KINDS.join(', ')}`);
  return new Set(wanted as FaultKind[]);
}

function pick<T>(list: readonly [T, ...T[]], chance: number): T {
  return list[Math.floor(chance * list.length)] ?? list[0];
}
