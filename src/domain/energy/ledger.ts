import { QUARTER_MS } from '../period.ts';
import type { QuarterBooking } from './types.ts';

/** Collects what a batch adds to the quarter hours of one inverter. */
export class Ledger {
  readonly #rows = new Map<number, QuarterBooking>();
  #latest: QuarterBooking | undefined;
  #width = 1;

  /** @param quarter number of the quarter hour since the epoch */
  energy(channel: number, quarter: number, energyWh: number, estimated: boolean): void {
    const row = this.#row(channel, quarter);
    row.energyWh[channel] = (row.energyWh[channel] ?? 0) + energyWh;
    if (estimated) row.estimatedWh[channel] = (row.estimatedWh[channel] ?? 0) + energyWh;
  }

  power(channel: number, quarter: number, powerW: number): void {
    const row = this.#row(channel, quarter);
    const deciwatts = Math.round(powerW * 10);
    row.powerSumDw[channel] = (row.powerSumDw[channel] ?? 0) + deciwatts;
    row.powerCount[channel] = (row.powerCount[channel] ?? 0) + 1;
    const highest = row.powerMaxDw[channel] ?? null;
    if (highest === null || deciwatts > highest) row.powerMaxDw[channel] = deciwatts;
  }

  /** By time, every list as long as the highest channel asks for. */
  bookings(): QuarterBooking[] {
    for (const row of this.#rows.values()) widen(row, this.#width);
    return [...this.#rows.values()].sort((a, b) => a.quarterStart - b.quarterStart);
  }

  #row(channel: number, quarter: number): QuarterBooking {
    if (channel >= this.#width) this.#width = channel + 1;
    const quarterStart = quarter * QUARTER_MS;
    let row = this.#latest;
    if (row?.quarterStart !== quarterStart) {
      row = this.#rows.get(quarterStart);
      if (row === undefined) {
        row = emptyBooking(quarterStart);
        this.#rows.set(quarterStart, row);
      }
      this.#latest = row;
    }
    if (row.energyWh.length <= channel) widen(row, channel + 1);
    return row;
  }
}

export function emptyBooking(quarterStart: number): QuarterBooking {
  return {
    quarterStart,
    energyWh: [],
    estimatedWh: [],
    powerSumDw: [],
    powerCount: [],
    powerMaxDw: [],
  };
}

export function widen(row: QuarterBooking, width: number): void {
  while (row.energyWh.length < width) {
    row.energyWh.push(0);
    row.estimatedWh.push(0);
    row.powerSumDw.push(0);
    row.powerCount.push(0);
    row.powerMaxDw.push(null);
  }
}
