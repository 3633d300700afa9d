/**
 * Many devices in a process of their own, which push when their turn comes and not when they were answered: what is offered does not
 * grow less because the program is slow. A device waits for its answer, as they do; a turn that finds it waiting is counted as missed.
 * Started by bench/push.ts, which tells it what to do by messages.
 */
import { connect, type Socket } from 'node:net';
import { fourInputs, PUSH_PATH } from './http-device.ts';

/** Devices give up about then, and count the push as lost. */
const GIVE_UP_MS = 10_000;
/** At most so many in one go, so that answers are read between. */
const BURST = 500;
const DIALS_PER_S = 2_500;
const STEP_S = 60;

export type Order =
  | { do: 'connect'; port: number; apiKey: string; serials: readonly string[] }
  | { do: 'offer'; devices: number; perS: number; seconds: number; firstS: number; firstStep: number };

/** What became of what was offered. Times are from the moment a push was sent. */
export interface Offered {
  sent: number;
  /** Turns whose device still waited for its last answer, or for its connection. */
  missed: number;
  /** Turns that were never taken because this process came too late. */
  late: number;
  statuses: Record<string, number>;
  /** Pushes without an answer, by why. */
  unanswered: Record<string, number>;
  /** Answers that told nobody when to come again although they should have. */
  shedWithoutRetryAfter: number;
  storedP50Ms: number;
  storedP99Ms: number;
  shedP99Ms: number;
  /** By the second in which they were sent. */
  seconds: { sent: number; stored: number; p99Ms: number }[];
  /** Of this process. */
  cpuS: number;
}

/** Counts of milliseconds; what is longer counts as the longest. */
class Times {
  readonly #counts = new Uint32Array(GIVE_UP_MS + 1);
  total = 0;

  add(ms: number): void {
    const slot = Math.min(GIVE_UP_MS, Math.round(ms));
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
    this.total++;
  }

  below(share: number): number {
    let left = Math.floor(this.total * share);
    for (const [ms, count] of this.#counts.entries()) {
      left -= count;
      if (left < 0) return ms;
    }
    return Number.NaN;
  }
}

class Round {
  sent = 0;
  missed = 0;
  shedWithoutRetryAfter = 0;
  readonly startedMs = performance.now();
  readonly statuses: Record<string, number> = {};
  readonly unanswered: Record<string, number> = {};
  readonly stored = new Times();
  readonly shed = new Times();
  readonly seconds: { sent: number; stored: Times }[] = [];

  secondOf(ms: number): { sent: number; stored: Times } {
    const second = Math.floor((ms - this.startedMs) / 1000);
    const found = this.seconds[second] ?? { sent: 0, stored: new Times() };
    this.seconds[second] = found;
    return found;
  }

  answered(status: number, text: string, sentMs: number): void {
    const ms = performance.now() - sentMs;
    count(this.statuses, String(status));
    if (status === 201) {
      this.stored.add(ms);
      this.secondOf(sentMs).stored.add(ms);
    } else if (status === 503) {
      this.shed.add(ms);
      if (!/\r\nretry-after: \d+\r\n/i.test(text)) this.shedWithoutRetryAfter++;
    }
  }
}

/** One DTU: a kept connection, one push under way at most. */
class Device {
  readonly serial: string;
  /** When the push under way was sent; 0 while none is. */
  sentMs = 0;
  #socket: Socket | null = null;
  #isReady = false;
  #received = '';

  constructor(serial: string) {
    this.serial = serial;
  }

  get isFree(): boolean {
    return this.#isReady && this.sentMs === 0;
  }

  /** Settles when it is connected, or was refused. */
  connect(): Promise<void> {
    if (this.#socket !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const onread = { buffer: shared, callback: (length: number) => this.#read(shared.toString('latin1', 0, length)) };
      const socket = connect({ port: target.port, host: '127.0.0.1', noDelay: true, onread });
      this.#socket = socket;
      socket.once('connect', () => {
        this.#isReady = true;
        resolve();
      });
      let why = 'closed';
      socket.on('error', ({ code }: NodeJS.ErrnoException) => {
        why = code ?? 'error';
      });
      socket.on('close', () => {
        this.#socket = null;
        this.#isReady = false;
        this.#received = '';
        this.#fail(why);
        resolve();
      });
    });
  }

  send(bytes: Buffer): void {
    this.sentMs = performance.now();
    this.#socket?.write(bytes);
  }

  giveUp(): void {
    this.#fail('no answer in time');
    this.#socket?.destroy();
  }

  #fail(why: string): void {
    if (this.sentMs === 0) return;
    this.sentMs = 0;
    count(round.unanswered, why);
  }

  /** @returns true: to be read on */
  #read(text: string): boolean {
    this.#received = this.#received === '' ? text : this.#received + text;
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return true;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return true;
    const answer = this.#received;
    this.#received = '';
    const { sentMs } = this;
    this.sentMs = 0;
    if (sentMs === 0) count(round.unanswered, 'answered without being asked');
    else round.answered(Number(answer.slice(9, 12)), answer, sentMs);
    return true;
  }
}

const shared = Buffer.allocUnsafe(65_536);
let target = { port: 0, apiKey: '' };
let devices: Device[] = [];
let round = new Round();

process.on('message', (order: Order) => {
  const work = order.do === 'connect' ? connectAll(order) : offer(order);
  work.then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

/** @returns how many are connected */
async function connectAll({ port, apiKey, serials }: Extract<Order, { do: 'connect' }>): Promise<number> {
  target = { port, apiKey };
  devices = serials.map((serial) => new Device(serial));
  const waitMs = (i: number): number => (i / DIALS_PER_S) * 1000;
  await Promise.all(devices.map((device, i) => pause(waitMs(i)).then(() => device.connect())));
  return devices.filter(({ isFree }) => isFree).length;
}

/** Each device a push every `devices / perS` seconds, one after the other. */
async function offer(order: Extract<Order, { do: 'offer' }>): Promise<Offered> {
  const { devices: many, perS, seconds } = order;
  const own = devices.slice(0, many);
  const cpu = process.cpuUsage();
  round = new Round();
  let turn = 0;
  let made = pushOf(order, 0);
  const sweep = setInterval(() => {
    const before = performance.now() - GIVE_UP_MS;
    for (const device of own) if (device.sentMs !== 0 && device.sentMs < before) device.giveUp();
  }, 500);
  for (;;) {
    const elapsedMs = performance.now() - round.startedMs;
    if (elapsedMs >= seconds * 1000) break;
    const due = Math.floor((elapsedMs / 1000) * perS);
    for (let burst = 0; turn < due && burst < BURST; turn++, burst++) {
      if (turn % many === 0) made = pushOf(order, turn / many);
      const device = own[turn % many];
      if (device?.isFree !== true) {
        round.missed++;
        void device?.connect();
        continue;
      }
      device.send(made(device.serial));
      round.sent++;
      round.secondOf(device.sentMs).sent++;
    }
    await (turn < due ? new Promise((resolve) => setImmediate(resolve)) : pause(1));
  }
  const late = Math.round(seconds * perS) - turn;
  while (own.some(({ sentMs }) => sentMs !== 0)) await pause(50);
  clearInterval(sweep);
  const { user, system } = process.cpuUsage(cpu);
  return {
    sent: round.sent,
    missed: round.missed,
    late,
    statuses: round.statuses,
    unanswered: round.unanswered,
    shedWithoutRetryAfter: round.shedWithoutRetryAfter,
    storedP50Ms: round.stored.below(0.5),
    storedP99Ms: round.stored.below(0.99),
    shedP99Ms: round.shed.below(0.99),
    seconds: Array.from(round.seconds, (second) => ({
      sent: second?.sent ?? 0,
      stored: second?.stored.total ?? 0,
      p99Ms: second?.stored.below(0.99) ?? Number.NaN,
    })),
    cpuS: (user + system) / 1e6,
  };
}

/** The n-th push of any device: made once, so that sending it costs a copy. */
function pushOf(from: { firstS: number; firstStep: number }, n: number): (serial: string) => Buffer {
  const placeholder = '0'.repeat(devices[0]?.serial.length ?? 0);
  const body = fourInputs(placeholder, from.firstS + n * STEP_S, from.firstStep + n);
  const head = `POST ${PUSH_PATH} HTTP/1.1\r\nHost: bench\r\nX-API-Key: ${target.apiKey}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const whole = Buffer.from(head + body, 'latin1');
  const at = whole.indexOf(`"serial":"${placeholder}"`) + '"serial":"'.length;
  return (serial) => {
    const copy = Buffer.allocUnsafe(whole.length);
    whole.copy(copy);
    copy.write(serial, at, 'latin1');
    return copy;
  };
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
