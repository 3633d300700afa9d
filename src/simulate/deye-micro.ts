import { encodeDeyeMicroData, encodeHandshake, encodeReport, encodeWifi } from '../protocols/solarman/encode.ts';
import type { DataValues } from '../protocols/solarman/layouts/layout.ts';
import type { TimeBlock } from '../protocols/solarman/time.ts';
import { brokenTotal, type Fault } from './faults.ts';
import type { InverterState, VirtualInverter } from './inverter.ts';
import type { Booked } from './report.ts';

/** What the frame can carry of the counters (solarman-v5 §3.5). */
const TOTAL_STEP_WH = 100;
const TODAY_STEP_WH = 10;

/** A logger as it comes out of its box, inside its microinverter. */
export interface LoggerIdentity {
  serial: number;
  inverterSerial: string;
  firmware: string;
  macAddress: string;
  localAddress: string;
  wifiName: string;
  signalPct: number;
}

/**
 * One measurement, ready to be sent; kept by the logger until it is acknowledged. `atMs` is the second that the frame names; simulated
 * time where the logger does not know it yet.
 */
export interface Sample extends Booked {
  payload: Buffer;
  /** False for a sample taken before any server told the time. */
  isDated: boolean;
  /** How it comes a second time; null for a sample that is sent once, if all goes well. */
  copy: 'twice' | 'again' | null;
  isAcknowledged: boolean;
}

/** What the seconds of a logger's clock add up to when it is wrong. */
const UNSET_S = 17_000_000;
const FUTURE_S = 400 * 86_400;

/** A Deye microinverter with its logger: measurements in, payloads out. */
export class DeyeMicro {
  readonly identity: LoggerIdentity;
  readonly inverter: VirtualInverter;
  #count = 0;

  constructor(identity: LoggerIdentity, inverter: VirtualInverter) {
    this.identity = identity;
    this.inverter = inverter;
  }

  sample(ms: number, time: TimeBlock, utcOffsetMin: number, fault: Fault | null = null): Sample {
    const state = this.inverter.advanceTo(ms, utcOffsetMin);
    const isDated = time.offsetS !== 0;
    const values = this.#values(state, isDated ? ms + utcOffsetMin * 60_000 : null);
    breakTotals(values, fault);
    const isOutside = fault?.kind === 'clocks' && isDated;
    this.#count += 1;
    return {
      payload: encodeDeyeMicroData({ time: isOutside ? wrong(time, fault.clock) : time, values, counter: this.#count }),
      isDated,
      atMs: isDated ? (time.workingS + time.offsetS) * 1000 : ms,
      counterWh: floorTo(state.totalWh, TOTAL_STEP_WH),
      producedWh: state.totalWh,
      fate: isOutside ? 'outside' : fault?.kind === 'reboots' || fault?.kind === 'glitches' ? 'doubted' : 'booked',
      dating: isDated ? 'exact' : 'about',
      copy: fault?.kind === 'duplicates' ? fault.way : null,
      isAcknowledged: false,
    };
  }

  handshake(time: TimeBlock, uploadPeriodS: number): Buffer {
    const { firmware, macAddress, localAddress, signalPct } = this.identity;
    return encodeHandshake({
      // The offset is never told in a handshake (§3.1)
      time: { ...time, offsetS: 0 },
      values: {
        // A byte of whole minutes
        uploadPeriodS: Math.min(255, Math.ceil(uploadPeriodS / 60)) * 60,
        samplePeriodS: 60,
        heartbeatPeriodS: 120,
        signalPct,
        firmware,
        macAddress,
        localAddress,
        sensorList: 0x5406,
        hardware: 'V1.1.00.0B',
      },
    });
  }

  wifi(time: TimeBlock): Buffer {
    const { wifiName, signalPct } = this.identity;
    return encodeWifi({ time, values: { wifiName, signalPct } });
  }

  report(time: TimeBlock): Buffer {
    return encodeReport(time, null);
  }

  #values(state: InverterState, wallClockMs: number | null): DataValues {
    const { model } = this.inverter;
    const { inverterSerial } = this.identity;
    const values: DataValues = {
      inverterSerial,
      energyTodayWh: floorTo(state.todayWh, TODAY_STEP_WH),
      energyTotalWh: floorTo(state.totalWh, TOTAL_STEP_WH),
      'phase1.voltageV': state.gridVoltageV,
      'phase1.currentA': state.powerW / state.gridVoltageV,
      frequencyHz: state.frequencyHz,
      powerW: state.powerW,
      temperatureC: state.temperatureC,
      protocolVersion: 'V0.2.0.1',
      dcFirmware: 'V0.1.1.7',
      acFirmware: 'V1.2.1.8',
      ratedPowerW: model.ratedPowerW,
      mpptCount: model.inputs,
      overFrequencyStartHz: 50.2,
      overFrequencyReductionPct: 44,
      gridVoltageMaxV: 275,
      gridVoltageMinV: 183,
      gridFrequencyMaxHz: 51.5,
      gridFrequencyMinHz: 47.5,
      selfCheckS: 60,
    };
    if (wallClockMs !== null) values.inverterClock = new Date(wallClockMs).toISOString().slice(0, 19);
    for (const port of [1, 2, 3, 4] as const) {
      const input = state.inputs[port - 1];
      values[`pv${port}.portSerial`] = `${inverterSerial}-${port}`;
      if (input === undefined) continue;
      values[`pv${port}.voltageV`] = input.voltageV;
      values[`pv${port}.currentA`] = input.voltageV > 0 ? input.powerW / input.voltageV : 0;
      values[`pv${port}.energyTodayWh`] = floorTo(input.todayWh, TOTAL_STEP_WH);
      values[`pv${port}.energyTotalWh`] = floorTo(input.totalWh, TOTAL_STEP_WH);
    }
    return values;
  }
}

/** What a fault does to the lifetime counters, the inverter's and its inputs'. */
function breakTotals(values: DataValues, fault: Fault | null): void {
  if (fault?.kind !== 'reboots' && fault?.kind !== 'glitches') return;
  for (const key of [
    'energyTotalWh',
    ...([1, 2, 3, 4] as const).map((n) => `pv${n}.energyTotalWh` as const),
  ] as const) {
    const totalWh = values[key];
    if (typeof totalWh === 'number')
      values[key] = fault.kind === 'reboots' ? 0 : brokenTotal(fault, totalWh, TOTAL_STEP_WH);
  }
}

/** The logger adds in 32 bits (solarman-v5 §2.6). */
function wrong(time: TimeBlock, clock: 'unset' | 'future'): TimeBlock {
  const offsetS = clock === 'unset' ? UNSET_S - time.workingS : time.offsetS + FUTURE_S;
  return { ...time, offsetS: offsetS >>> 0 };
}

/** Counters show what is complete. The tiny excess keeps float noise from showing a step less than there is. */
export function floorTo(wh: number, stepWh: number): number {
  return Math.floor(wh / stepWh + 1e-9) * stepWh;
}
