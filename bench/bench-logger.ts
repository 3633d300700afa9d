import { connect, type Socket } from 'node:net';
import { CODE } from '../src/protocols/solarman/codes.ts';
import { encodeDeyeMicroData, encodeHandshake } from '../src/protocols/solarman/encode.ts';
import { encodeFrame } from '../src/protocols/solarman/frame.ts';
import type { TimeBlock } from '../src/protocols/solarman/time.ts';

export const ACKNOWLEDGEMENT_BYTES = 23;
/** Real loggers come from many addresses; the collector allows 200 from one. */
const LOGGERS_PER_ADDRESS = 150;
const WORKED_S = 6_000_000;

/** A Deye microinverter's logger reduced to what a measurement needs: one frame at a time, each until it is acknowledged. */
export class BenchLogger {
  readonly serial: number;
  readonly #address: string;
  readonly #bootedS = Math.floor(Date.now() / 1000) - 86_400;
  #socket: Socket | null = null;
  #received = 0;
  #answered: { resolve: () => void; reject: (error: Error) => void } | null = null;
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
    this.#received = 0;
    this.#socket.on('data', (chunk) => {
      this.#received += chunk.length;
      if (this.#received >= ACKNOWLEDGEMENT_BYTES) {
        this.#received -= ACKNOWLEDGEMENT_BYTES;
        const answered = this.#answered;
        this.#answered = null;
        answered?.resolve();
      }
    });
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

  /** Sends bytes and waits for as many as an acknowledgement has; an echo of a frame answers likewise. */
  exchange(frame: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#socket === null || this.#socket.destroyed) {
        reject(new Error('not connected'));
        return;
      }
      this.#answered = { resolve, reject };
      this.#socket.write(frame);
    });
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
      energyTodayWh: 2100,
      energyTotalWh: Math.floor(totalWh / 100) * 100,
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
      'pv1.energyTotalWh': Math.floor(totalWh / 200) * 100,
      'pv2.voltageV': 33.8,
      'pv2.currentA': 9,
      'pv2.energyTodayWh': 1000,
      'pv2.energyTotalWh': Math.floor(totalWh / 200) * 100,
    };
    return this.#frame(CODE.data, encodeDeyeMicroData({ time: this.#time(atS), values, stored, counter: 6 }));
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
