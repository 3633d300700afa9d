import { connect, type Socket } from 'node:net';
import type { Cancel, TimerWheel } from './timer-wheel.ts';

/** The first bytes of a TLS 1.2 record with a hello in it (solarman-v5 §6.3): enough to be recognised, and not worth an answer. */
const HELLO = Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), Buffer.alloc(506, 0x5a)]);
const AGAIN_MS = 30_000;
/** Since the hello went out. */
const GIVE_UP_MS = 20_000;
/** A process that was busy hears of its timers before it hears what arrived meanwhile: what did is looked at before the verdict. */
const LAST_LOOK_MS = 1_000;

export interface TlsLoggerOptions {
  collector: { host: string; port: number };
  localAddress: string | null;
  wheel: TimerWheel;
  counts: TlsCounts;
  giveUpMs?: number;
}

/** What became of the hellos. */
export interface TlsCounts {
  sent: number;
  /** The connection was closed without a byte of an answer: there is none that this logger would understand. */
  refused: number;
  /** Answered, or left waiting. */
  notRefused: number;
}

/** A logger whose firmware speaks TLS only. It dials again and again, as a real one does. */
export class TlsLogger {
  readonly #options: TlsLoggerOptions;
  #socket: Socket | null = null;
  #cancel: Cancel | null = null;
  #isStopping = false;

  constructor(options: TlsLoggerOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#isStopping) return;
    const { collector, localAddress, wheel, counts, giveUpMs = GIVE_UP_MS } = this.#options;
    const socket = connect({ ...collector, ...(localAddress === null ? {} : { localAddress }) });
    this.#socket = socket;
    let isSent = false;
    let isRefused = true;
    const end = () => {
      isRefused = false;
      socket.destroy();
    };
    let giveUp = wheel.after(giveUpMs, () => socket.destroy());
    socket.once('connect', () => {
      isSent = true;
      counts.sent += 1;
      socket.write(HELLO);
      giveUp();
      giveUp = wheel.after(giveUpMs, () => {
        giveUp = wheel.after(LAST_LOOK_MS, end);
      });
    });
    socket.on('data', () => {
      isRefused = false;
    });
    // Nobody there, or reset by who is: `close` follows
    socket.on('error', () => undefined);
    socket.once('close', () => {
      giveUp();
      if (this.#isStopping) return;
      if (isSent) counts[isRefused ? 'refused' : 'notRefused'] += 1;
      this.#cancel = wheel.after(AGAIN_MS, () => this.start());
    });
  }

  stop(): void {
    this.#isStopping = true;
    this.#cancel?.();
    this.#socket?.destroy();
  }
}
