import { connect, type Socket } from 'node:net';
import { CODE } from '../src/protocols/solarman/codes.ts';
import { encodeDeyeMicroData, encodeHandshake, writeHead } from '../src/protocols/solarman/encode.ts';
import { checksum, encodeFrame, HEADER_BYTES, START } from '../src/protocols/solarman/frame.ts';
import { deyeMicro } from '../src/protocols/solarman/layouts/deye-micro.ts';
import { writeFields } from '../src/protocols/solarman/layouts/layout.ts';
import type { TimeBlock } from '../src/protocols/solarman/time.ts';

export const ACKNOWLEDGEMENT_BYTES = 23;
/** Where a frame and its acknowledgement carry the logger's own count. */
const COUNT_AT = 6;
const SERIAL_AT = 7;
/** Most of a frame is the same every time; the machine's time is for the server. */
const CHANGING = new Set(['inverterSerial', 'energyTotalWh', 'pv1.energyTotalWh', 'pv2.energyTotalWh']);
const CHANGING_FIELDS = deyeMicro.fields.filter(({ metric }) => CHANGING.has(metric));
/** Real loggers come from many addresses; the collector allows 200 from one. */
const LOGGERS_PER_ADDRESS = 150;
const WORKED_S = 6_000_000;
const NOTHING = Buffer.alloc(0);
const SENSOR_TYPE = 0x5408;
/** What all data frames here have in common. */
const DATA_FRAME = encodeFrame({
  code: CODE.data,
  sequence: [0, 0],
  serial: 0,
  payload: encodeDeyeMicroData({
    time: { workingS: 0, powerOnS: 0, offsetS: 0 },
    values: {
      energyTodayWh: 2100,
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
      'pv2.voltageV': 33.8,
      'pv2.currentA': 9,
      'pv2.energyTodayWh': 1000,
    },
  }),
});

/** A Deye microinverter's logger reduced to what a measurement needs: one frame at a time, each until it is acknowledged. */
export class BenchLogger {
  readonly serial: number;
  readonly #address: string;
  readonly #bootedS = Math.floor(Date.now() / 1000) - 86_400;
  #socket: Socket | null = null;
  #received: Buffer = NOTHING;
  #answered: { count: number; resolve: () => void; reject: (error: Error) => void } | null = null;
  #sequence = 0;

  constructor(index: number, firstSerial = 4_200_000_000) {
    this.serial = firstSerial + index;
    this.#address = `127.0.${1 + Math.floor(index / LOGGERS_PER_ADDRESS)}.1`;
  }

  async connect(port: number): Promise<void> {
    this.#socket = await new Promise<Socket>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: this.#address, noDelay: true }, () =>
        resolve(socket),
      );
      socket.once('error', reject);
    });
    this.#received = NOTHING;
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => this.#answered?.reject(new Error('the connection was closed')));
  }

  get isConnected(): boolean {
    return this.#socket?.destroyed === false;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  /** Sends a frame and waits for its acknowledgement; as many bytes that are none (an echo) answer likewise. */
  exchange(frame: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#socket === null || this.#socket.destroyed) {
        reject(new Error('not connected'));
        return;
      }
      this.#answered = { count: frame[COUNT_AT] ?? 0, resolve, reject };
      this.#socket.write(frame);
    });
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= ACKNOWLEDGEMENT_BYTES) {
      const answer = this.#received.subarray(0, ACKNOWLEDGEMENT_BYTES);
      this.#received = this.#received.subarray(ACKNOWLEDGEMENT_BYTES);
      // The second answer to a frame that was sent twice is none to the next frame.
      if (this.#answered === null || (answer[0] === START && answer[COUNT_AT] !== this.#answered.count)) continue;
      const { resolve } = this.#answered;
      this.#answered = null;
      resolve();
    }
    if (this.#received.length === 0) this.#received = NOTHING;
  }

  handshake(): Promise<void> {
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
    const time = { ...this.#time(Math.floor(Date.now() / 1000)), offsetS: 0 };
    return this.exchange(this.#frame(CODE.handshake, encodeHandshake({ time, values })));
  }

  /** A sample with its own second; the counter moves in steps of 100 Wh, as such a device's does. */
  data(atS: number, totalWh: number, stored = false): Buffer {
    const values = {
      inverterSerial: String(2_300_000_000 + (this.serial % 100_000)),
      energyTotalWh: Math.floor(totalWh / 100) * 100,
      'pv1.energyTotalWh': Math.floor(totalWh / 200) * 100,
      'pv2.energyTotalWh': Math.floor(totalWh / 200) * 100,
    };
    const frame = Buffer.from(DATA_FRAME);
    const payload = frame.subarray(HEADER_BYTES, -2);
    this.#sequence = (this.#sequence + 1) & 0xff;
    frame[COUNT_AT] = this.#sequence;
    frame.writeUInt32LE(this.serial, SERIAL_AT);
    writeHead({ stored, sensorType: SENSOR_TYPE, time: this.#time(atS), itemCount: 1, counter: 6 }, payload);
    writeFields(CHANGING_FIELDS, values, payload);
    frame[frame.length - 2] = checksum(frame, 1, frame.length - 2);
    return frame;
  }

  #time(atS: number): TimeBlock {
    const powerOnS = Math.max(0, atS - this.#bootedS);
    const workingS = WORKED_S + powerOnS;
    return { workingS, powerOnS, offsetS: atS - workingS };
  }

  #frame(code: number, payload: Buffer): Buffer {
    this.#sequence = (this.#sequence + 1) & 0xff;
    return encodeFrame({ code, sequence: [0, this.#sequence], serial: this.serial, payload });
  }
}

/** Runs `work` over the items with at most `atOnce` under way, starting no more than `perSecond` of them. */
export async function spread<T>(
  items: readonly T[],
  { perSecond, atOnce }: { perSecond: number; atOnce: number },
  work: (item: T) => Promise<void>,
): Promise<void> {
  const startedAt = performance.now();
  let next = 0;
  const run = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) {
      const dueIn = startedAt + (i / perSecond) * 1000 - performance.now();
      if (dueIn > 0) await new Promise((resolve) => setTimeout(resolve, dueIn));
      await work(items[i] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run));
}
