import type { BootClock } from '../protocol.ts';

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

/** What this frame tells of its power-on's clock; null when the logger did not know the time. */
export function toldClock({ workingS, powerOnS, offsetS }: TimeBlock): BootClock | null {
  return offsetS === 0 ? null : { startS: workingS - powerOnS, offsetS, isTold: true };
}

/** What a handshake that arrived `at` tells of its power-on's clock. */
export function reckonedClock({ workingS, powerOnS }: TimeBlock, at: Date): BootClock {
  return { startS: workingS - powerOnS, offsetS: Math.floor(at.getTime() / 1000) - workingS, isTold: false };
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

interface Boot {
  /** twt − pot: the working time at power-on. */
  startS: number;
  /** Offset told by a frame of this power-on. */
  toldS: number | null;
  /** Offset reckoned from the arrival of a handshake of this power-on. */
  reckonedS: number | null;
}

/**
 * The offsets of the power-ons of one logger.
 *
 * A handshake carries no offset, but it is sent live and repeated with a fresh count while it is unanswered: arrival time minus `twt`
 * is the very offset the logger will compute from our answer, good to a second or two. It dates the samples that were taken between
 * power-on and the first contact; an offset told by a frame of the same power-on is better and wins.
 */
export class BootClocks {
  readonly #boots: Boot[] = [];
  readonly #max: number;

  /** @param max power-ons remembered; frames of more than two or three have not been seen on one connection */
  constructor(max = 16) {
    this.#max = max;
  }

  /** Of several reckoned offsets the smallest has the least delay in it. */
  learn({ startS, offsetS, isTold }: BootClock): void {
    const boot = this.#bootOf(startS);
    if (isTold) boot.toldS = offsetS;
    else boot.reckonedS = boot.reckonedS === null ? offsetS : Math.min(boot.reckonedS, offsetS);
  }

  /** The date by another frame of the same power-on; null when none told the offset. */
  told(block: TimeBlock): Date | null {
    const offsetS = this.#find(startOf(block))?.toldS ?? null;
    return offsetS === null ? null : unixTime(block.workingS, offsetS);
  }

  /** The date by the arrival of a handshake of the same power-on; null when there was none. */
  reckoned(block: TimeBlock): Date | null {
    const offsetS = this.#find(startOf(block))?.reckonedS ?? null;
    return offsetS === null ? null : unixTime(block.workingS, offsetS);
  }

  #find(startS: number): Boot | undefined {
    return this.#boots.find((boot) => Math.abs(boot.startS - startS) <= SAME_BOOT_S);
  }

  #bootOf(startS: number): Boot {
    const known = this.#find(startS);
    if (known !== undefined) return known;
    const boot: Boot = { startS, toldS: null, reckonedS: null };
    this.#boots.push(boot);
    if (this.#boots.length > this.#max) this.#boots.shift();
    return boot;
  }
}

function startOf({ workingS, powerOnS }: TimeBlock): number {
  return workingS - powerOnS;
}

/** The inverter's clock is in an unknown zone (up to 14 h from UTC) and may be hours off; further apart, one of the two is wrong. */
const CLOCK_TOLERANCE_MS = 26 * 3_600_000;

/** True when the inverter's own clock, whatever its zone, cannot mean this moment. */
export function contradicts(deviceClock: string | null, date: Date): boolean {
  return deviceClock !== null && Math.abs(Date.parse(`${deviceClock}Z`) - date.getTime()) > CLOCK_TOLERANCE_MS;
}
