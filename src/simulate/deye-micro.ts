import { encodeDeyeMicroData, encodeHandshake, encodeReport, encodeWifi } from '../protocols/solarman/encode.ts';
import type { DataValues } from '../protocols/solarman/layouts/layout.ts';
import type { TimeBlock } from '../protocols/solarman/time.ts';
import type { InverterState, VirtualInverter } from './inverter.ts';

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

/** One measurement, ready to be sent; kept by the logger until it is acknowledged. */
export interface Sample {
  payload: Buffer;
  /** False for a sample taken before any server told the time. */
  isDated: boolean;
  /** The second that the frame names, epoch milliseconds; simulated time where the logger does not know it yet. */
  atMs: number;
  /** Lifetime counter as the frame has it, Wh. */
  counterWh: number;
  /** What was really produced up to then, Wh. */
  producedWh: number;
}

/** A Deye microinverter with its logger: measurements in, payloads out. */
export class DeyeMicro {
  readonly identity: LoggerIdentity;
  readonly inverter: VirtualInverter;
  #count = 0;

  constructor(identity: LoggerIdentity, inverter: VirtualInverter) {
    this.identity = identity;
    this.inverter = inverter;
  }

  sample(ms: number, time: TimeBlock, utcOffsetMin: number): Sample {
    const state = this.inverter.advanceTo(ms, utcOffsetMin);
    const isDated = time.offsetS !== 0;
    const values = this.#values(state, isDated ? ms + utcOffsetMin * 60_000 : null);
    this.#count += 1;
    return {
      payload: encodeDeyeMicroData({ time, values, counter: this.#count }),
      isDated,
      atMs: isDated ? (time.workingS + time.offsetS) * 1000 : ms,
      counterWh: floorTo(state.totalWh, TOTAL_STEP_WH),
      producedWh: state.totalWh,
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

/** Counters show what is complete. The tiny excess keeps float noise from showing a step less than there is. */
export function floorTo(wh: number, stepWh: number): number {
  return Math.floor(wh / stepWh + 1e-9) * stepWh;
}
