import { CODE } from '../../src/protocols/solarman/codes.ts';
import {
  encodeDeyeMicroData,
  encodeHandshake,
  encodeHeartbeat,
  encodeReport,
  encodeWifi,
} from '../../src/protocols/solarman/encode.ts';
import { encodeFrame } from '../../src/protocols/solarman/frame.ts';
import type { DataValues } from '../../src/protocols/solarman/layouts/layout.ts';
import type { TimeBlock } from '../../src/protocols/solarman/time.ts';

/** A two-input Deye microinverter at noon. */
export const NOON: DataValues = {
  inverterSerial: '2301234567',
  energyTodayWh: 2100,
  energyTotalWh: 177_500,
  'phase1.voltageV': 232.1,
  'phase1.currentA': 2.6,
  frequencyHz: 50.02,
  powerW: 598,
  temperatureC: 41.27,
  protocolVersion: 'V0.2.0.1',
  dcFirmware: 'V0.1.1.7',
  acFirmware: 'V1.2.1.8',
  ratedPowerW: 800,
  mpptCount: 2,
  'pv1.voltageV': 34.1,
  'pv1.currentA': 9.1,
  'pv1.energyTodayWh': 1100,
  'pv1.energyTotalWh': 90_000,
  'pv2.voltageV': 33.8,
  'pv2.currentA': 9,
  'pv2.energyTodayWh': 1000,
  'pv2.energyTotalWh': 87_500,
  inverterClock: '2025-07-15T12:00:00',
};

/** A logger that was switched on at `bootedAt`, after `workedS` seconds of earlier life, and learns the time as a real one does. */
export class TestLogger {
  readonly serial: number;
  readonly bootedAt: Date;
  readonly workedS: number;
  #b = 0;
  offsetS = 0;

  constructor(serial = 4_100_000_001, bootedAt = new Date('2025-07-15T09:50:00Z'), workedS = 6_000_000) {
    this.serial = serial;
    this.bootedAt = bootedAt;
    this.workedS = workedS;
  }

  /** The time block of a frame made at that moment, with the offset the logger knows. */
  time(at: Date): TimeBlock {
    const powerOnS = Math.round((at.getTime() - this.bootedAt.getTime()) / 1000);
    return { workingS: this.workedS + powerOnS, powerOnS, offsetS: this.offsetS };
  }

  /** What an acknowledgement that comes `at` does to it; `told` is the time in it, where the server's clock is wrong. */
  learnTime(at: Date, told = at): void {
    this.offsetS = Math.floor(told.getTime() / 1000) - this.time(at).workingS;
  }

  frame(code: number, payload: Buffer, serial = this.serial): Buffer {
    this.#b = (this.#b + 1) & 0xff;
    return encodeFrame({ code, sequence: [0, this.#b], serial, payload });
  }

  handshake(at: Date): Buffer {
    const values = {
      uploadPeriodS: 300,
      samplePeriodS: 60,
      heartbeatPeriodS: 120,
      signalPct: 71,
      firmware: 'MW3_16U_5406_1.57',
      macAddress: '30:82:91:00:00:01',
      localAddress: '192.168.178.50',
      sensorList: 0x5406,
      hardware: 'V1.1.00.07',
    };
    return this.frame(CODE.handshake, encodeHandshake({ time: { ...this.time(at), offsetS: 0 }, values }));
  }

  data(at: Date, values: DataValues = NOON): Buffer {
    return this.frame(CODE.data, encodeDeyeMicroData({ time: this.time(at), values, counter: 7 }));
  }

  stored(at: Date, values: DataValues = NOON): Buffer {
    return this.frame(CODE.data, encodeDeyeMicroData({ time: this.time(at), values, counter: 6, stored: true }));
  }

  wifi(at: Date): Buffer {
    return this.frame(CODE.wifi, encodeWifi({ time: this.time(at), values: { wifiName: 'HomeNet', signalPct: 71 } }));
  }

  report(at: Date): Buffer {
    return this.frame(CODE.report, encodeReport(this.time(at), null));
  }

  heartbeat(): Buffer {
    return this.frame(CODE.heartbeat, encodeHeartbeat());
  }
}
