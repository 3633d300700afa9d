import type { DeviceKind } from '../../domain/inverter.ts';
import { MAX_CHANNELS } from '../../domain/inverter.ts';
import { type ChannelReading, emptyReading, type Reading } from '../../domain/reading.ts';
import type { OldAcRow, OldDcRow } from '../../store/predecessor.ts';

/** One moment of one inverter as the predecessor kept it: its own row, and those of its inputs. */
export interface OldMoment {
  inverterId: number;
  ms: number;
  ac: OldAcRow | null;
  inputs: OldDcRow[];
  /** Rows of the same moment (and input) that were there several times. */
  duplicates: number;
}

/**
 * Both tables, each in order of inverter and time, as one row of moments. Its retries were stored as often as they came: of several
 * rows the first counts.
 */
export async function* moments(ac: AsyncIterable<OldAcRow>, dc: AsyncIterable<OldDcRow>): AsyncGenerator<OldMoment> {
  const acRows = ac[Symbol.asyncIterator]();
  const dcRows = dc[Symbol.asyncIterator]();
  let nextAc = await acRows.next();
  let nextDc = await dcRows.next();
  for (;;) {
    const first = earlier(nextAc.done === true ? null : nextAc.value, nextDc.done === true ? null : nextDc.value);
    if (first === null) return;
    const moment: OldMoment = { inverterId: first.inverterId, ms: first.ms, ac: null, inputs: [], duplicates: 0 };
    for (; nextAc.done !== true && isOf(moment, nextAc.value); nextAc = await acRows.next()) {
      if (moment.ac === null) moment.ac = nextAc.value;
      else moment.duplicates++;
    }
    for (; nextDc.done !== true && isOf(moment, nextDc.value); nextDc = await dcRows.next()) {
      const input = nextDc.value;
      if (moment.inputs.some(({ channel }) => channel === input.channel)) moment.duplicates++;
      else moment.inputs.push(input);
    }
    yield moment;
  }
}

function earlier(a: OldAcRow | null, b: OldAcRow | null): OldAcRow | null {
  if (a === null || b === null) return a ?? b;
  return a.inverterId < b.inverterId || (a.inverterId === b.inverterId && a.ms <= b.ms) ? a : b;
}

function isOf(moment: OldMoment, row: OldAcRow): boolean {
  return row.inverterId === moment.inverterId && row.ms === moment.ms;
}

export interface OldDevice {
  kind: DeviceKind;
  serial: string;
  ratedPowerW: number | null;
  mpptCount: number | null;
}

/**
 * A moment as a device would have told it. Its Victron inputs say 0 for what they do not know: that is unknown here.
 * @param wholeKwh its lifetime counters were cut to whole kWh, so that they move in steps of 1 000 Wh
 */
export function readingOf(moment: OldMoment, device: OldDevice, wholeKwh: boolean): Reading {
  const zeroIsUnknown = device.kind === 'victron';
  return emptyReading({
    kind: device.kind,
    serial: device.serial,
    sampledAt: new Date(moment.ms),
    timeQuality: 'device',
    powerW: finite(moment.ac?.powerW),
    energyTodayWh: rounded(moment.ac?.yieldDayWh),
    energyTotalWh: totalWh(moment.ac?.yieldTotalKwh),
    ratedPowerW: device.ratedPowerW,
    mpptCount: device.mpptCount,
    counterStepWh: wholeKwh ? 1000 : 1,
    channels: moment.inputs
      .filter(({ channel }) => isChannel(channel))
      .map((input) => inputReading(input, zeroIsUnknown)),
  });
}

export function isChannel(channel: number): boolean {
  return channel >= 1 && channel <= MAX_CHANNELS;
}

function inputReading(input: OldDcRow, zeroIsUnknown: boolean): ChannelReading {
  const told = <T extends number | null>(value: T): T | null => (zeroIsUnknown && value === 0 ? null : value);
  return {
    channel: input.channel,
    name: input.name,
    powerW: finite(input.powerW),
    voltageV: finite(input.voltageV),
    currentA: finite(input.currentA),
    energyTodayWh: told(rounded(input.yieldDayWh)),
    energyTotalWh: told(totalWh(input.yieldTotalKwh)),
    irradiationPct: told(finite(input.irradiationPct)),
  };
}

function finite(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && Number.isFinite(value) ? value : null;
}

function rounded(value: number | null | undefined): number | null {
  const known = finite(value);
  return known === null ? null : Math.round(known);
}

function totalWh(kwh: number | null | undefined): number | null {
  const known = finite(kwh);
  const wh = known === null ? null : Math.round(known * 1000);
  return wh !== null && Number.isSafeInteger(wh) ? wh : null;
}
