/**
 * The time block and what can be made of it (solarman-v5 §2.6). A logger counts the seconds it has been powered; the time it learnt
 * from a server is an offset to that count, 0 until then.
 */
export interface TimeBlock {
  /** `twt`: seconds the logger has been powered, summed over its life; stands still while it is off. */
  workingS: number;
  /** `pot`: seconds since this power-on. */
  powerOnS: number;
  /** `off`: what to add to `workingS` to get Unix time; 0 until the first server time arrived. */
  offsetS: number;
}

export const TIME_BLOCK_BYTES = 12;

/** The three numbers at `at`; null when the payload is too short for them. */
export function readTimeBlock(payload: Buffer, at: number): TimeBlock | null {
  if (payload.length < at + TIME_BLOCK_BYTES) return null;
  return {
    workingS: payload.readUInt32LE(at),
    powerOnS: payload.readUInt32LE(at + 4),
    offsetS: payload.readUInt32LE(at + 8),
  };
}

export function writeTimeBlock(block: TimeBlock, payload: Buffer, at: number): void {
  payload.writeUInt32LE(block.workingS, at);
  payload.writeUInt32LE(block.powerOnS, at + 4);
  payload.writeUInt32LE(block.offsetS, at + 8);
}

/** `twt + off`, never `+ pot`. The logger adds in 32 bits, and so does this. */
function unixTime(workingS: number, offsetS: number): Date {
  return new Date(((workingS + offsetS) >>> 0) * 1000);
}

/** When the frame was made, by its own account; null when the logger did not know the time then. */
export function acquiredAt(block: TimeBlock): Date | null {
  return block.offsetS === 0 ? null : unixTime(block.workingS, block.offsetS);
}

/** Two frames are of one power-on when their (twt − pot) differ by no more than this. */
const SAME_BOOT_S = 10;
/** Power-ons remembered per connection; frames of more than two or three have not been seen on one. */
const MAX_BOOTS = 16;

interface Boot {
  /** twt − pot: the working time at power-on. */
  startS: number;
  /** Offset told by a frame of this power-on. */
  toldS: number | null;
  /** Offset reckoned from the arrival of a handshake of this power-on. */
  reckonedS: number | null;
}

/**
 * The offsets of the power-ons seen on one connection.
 *
 * A handshake carries no offset, but it is sent live and repeated with a fresh count while it is unanswered: arrival time minus `twt`
 * is the very offset the logger will compute from our answer, good to a second or two. It dates the samples that were taken between
 * power-on and the first contact; an offset told by a frame of the same power-on is better and wins.
 */
export class BootClocks {
  readonly #boots: Boot[] = [];

  /** Learn from a frame of any kind that carries an offset. */
  learn(block: TimeBlock): void {
    if (block.offsetS !== 0) this.#bootOf(block).toldS = block.offsetS;
  }

  /** Learn from a handshake that arrived `now`. Of several the smallest offset has the least delay in it. */
  learnFromHandshake(block: TimeBlock, now: Date): void {
    const boot = this.#bootOf(block);
    const reckoned = Math.floor(now.getTime() / 1000) - block.workingS;
    boot.reckonedS = boot.reckonedS === null ? reckoned : Math.min(boot.reckonedS, reckoned);
  }

  /** The date by another frame of the same power-on; null when none told the offset. */
  told(block: TimeBlock): Date | null {
    const offsetS = this.#find(block)?.toldS ?? null;
    return offsetS === null ? null : unixTime(block.workingS, offsetS);
  }

  /** The date by the arrival of a handshake of the same power-on; null when there was none. */
  reckoned(block: TimeBlock): Date | null {
    const offsetS = this.#find(block)?.reckonedS ?? null;
    return offsetS === null ? null : unixTime(block.workingS, offsetS);
  }

  #find(block: TimeBlock): Boot | undefined {
    const startS = block.workingS - block.powerOnS;
    return this.#boots.find((boot) => Math.abs(boot.startS - startS) <= SAME_BOOT_S);
  }

  #bootOf(block: TimeBlock): Boot {
    const known = this.#find(block);
    if (known !== undefined) return known;
    const boot: Boot = { startS: block.workingS - block.powerOnS, toldS: null, reckonedS: null };
    this.#boots.push(boot);
    if (this.#boots.length > MAX_BOOTS) this.#boots.shift();
    return boot;
  }
}

/** The inverter's clock is in an unknown zone (up to 14 h from UTC) and may be hours off; further apart, one of the two is wrong. */
const CLOCK_TOLERANCE_MS = 26 * 3_600_000;

/** True when the inverter's own clock, whatever its zone, cannot mean this moment. */
export function contradicts(deviceClock: string | null, date: Date): boolean {
  return deviceClock !== null && Math.abs(Date.parse(`${deviceClock}Z`) - date.getTime()) > CLOCK_TOLERANCE_MS;
}
