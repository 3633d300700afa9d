import { CODE } from '../protocols/solarman/codes.ts';
import { encodeHeartbeat } from '../protocols/solarman/encode.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Cadence, type History } from './cadence.ts';
import type { SimClock } from './clock.ts';
import type { DeviceFaults } from './device-faults.ts';
import type { DeyeMicro, Sample } from './deye-micro.ts';
import type { Fault } from './faults.ts';
import { LoggerClock } from './logger-clock.ts';
import { type Answer, LoggerLink } from './logger-link.ts';
import { LoggerSampler } from './logger-sampler.ts';
import type { LoggerTiming } from './logger-timing.ts';
import type { Random } from './random.ts';
import type { Tally } from './report.ts';
import { SampleStore } from './sample-store.ts';
import type { Cancel, TimerWheel } from './timer-wheel.ts';

/** So many requests in a row without an answer, and the logger dials anew. */
const MAX_SILENCE = 2;
const MAX_HANDSHAKES = 3;

export interface SolarmanClientOptions {
  micro: DeyeMicro;
  collector: { host: string; port: number };
  localAddress: string | null;
  clock: SimClock;
  wheel: TimerWheel;
  intervalS: number;
  /** Sent as stored samples before the live ones begin; null for none. */
  history: History | null;
  timing: LoggerTiming;
  random: Random;
  faults: DeviceFaults;
  tally: Tally;
  log: Logger;
}

type Timer = 'dial' | 'heartbeat' | 'cycle';
type Chore = 'handshake' | 'wifi' | 'report' | 'heartbeat';

/**
 * The virtual logger. Off at night; by day it takes a sample every interval whether or not it has a connection, and keeps each until
 * it is acknowledged. Connection: dialling → handshake unanswered → ready; back to dialling, ever more slowly, when it ends.
 */
export class SolarmanClient {
  readonly #options: SolarmanClientOptions;
  readonly #sampler: LoggerSampler;
  readonly #samples = new SampleStore();
  readonly #chores = new Set<Chore>();
  readonly #cadence: Cadence;
  readonly #timers = new Map<Timer, Cancel>();
  #history: Iterator<Sample> | null;
  #link: LoggerLink | null = null;
  #isReady = false;
  /** It will dial again by itself. */
  #isDialling = false;
  #isStopping = false;
  #failures = 0;
  #silence = 0;
  #handshakes = 0;
  #onDrained: (() => void) | null = null;

  constructor(options: SolarmanClientOptions) {
    this.#options = options;
    const { micro, clock, wheel, intervalS, random, faults, history } = options;
    const time = new LoggerClock(random.integer(100_000, 60_000_000), faults.clockErrorS);
    this.#sampler = new LoggerSampler(micro, clock, time, () => faults.knowsTime(clock.lagMs() > 0));
    this.#cadence = new Cadence(clock, wheel, intervalS, random.next());
    this.#history = history === null ? null : this.#sampler.past(history);
  }

  start(): void {
    if (this.#isStopping) return;
    if (this.#history === null) {
      this.#tick();
      return;
    }
    // With a past to tell it dials even at night
    this.#sampler.bootForPast(this.#options.clock.now());
    this.#dial();
  }

  /** Takes no more samples; waits for the answers that are due, but not for ever. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#history = null;
    this.#cadence.stop();
    this.#cancel('heartbeat', 'cycle');
    this.#chores.clear();
    if (this.#isReady && (this.#link?.isBusy === true || this.#samples.size > 0)) {
      await new Promise<void>((resolve) => {
        this.#onDrained = resolve;
        this.#options.wheel.after(graceMs, resolve);
      });
    }
    this.#cancel('dial');
    this.#link?.close();
    for (const sample of this.#samples.sent()) this.#options.tally.unanswered(sample);
  }

  /** Nothing more goes wrong, and a logger without network finds it again. */
  calm(): void {
    const { faults, clock } = this.#options;
    const isOut = faults.isOut(clock.now());
    faults.calm();
    if (isOut) this.#dialIfOn();
  }

  /** Loses its connection in one moment with others. */
  storm(): void {
    if (this.#link === null) return;
    this.#options.tally.faults.storms += 1;
    this.#link.break();
  }

  /** Samples that were not acknowledged yet. */
  get waiting(): number {
    return this.#samples.size;
  }

  #tick(): void {
    const { clock, micro } = this.#options;
    const now = clock.now();
    const isAwake = micro.inverter.isAwake(now);
    if (isAwake && !this.#sampler.isOn) {
      this.#sampler.boot(now);
      this.#dial();
    } else if (!isAwake && this.#sampler.isOn) {
      this.#sampler.halt(now);
      this.#cancel('dial');
      this.#link?.close();
    } else if (this.#sampler.isOn) {
      const fault = this.#options.faults.due(now);
      if (fault !== null) this.#suffer(fault, now);
      this.#measure(now, fault);
      // An outage is over
      if (this.#link === null && !this.#isDialling) this.#dialIfOn();
    }
    this.#cadence.next(() => this.#tick());
  }

  #suffer({ kind }: Fault, now: number): void {
    if (kind === 'reboots') {
      this.#sampler.halt(now);
      this.#sampler.boot(now);
    }
    if (kind === 'reboots' || kind === 'outages') this.#link?.break();
  }

  #measure(now: number, fault: Fault | null = null): void {
    const sample = this.#sampler.sampleAt(now, fault);
    if (sample === null) return;
    this.#keep(sample, false);
    this.#pump();
  }

  #keep(sample: Sample, isOld: boolean): void {
    const { counts } = this.#options.tally;
    counts.samplesLost += this.#samples.keep(sample, isOld);
    counts.samplesWaiting = this.#samples.size;
  }

  #dialIfOn(): void {
    if (this.#sampler.isOn) this.#dial();
  }

  #dial(): void {
    if (this.#isStopping || this.#link !== null) return;
    this.#isDialling = false;
    if (this.#options.faults.isOut(this.#options.clock.now())) return;
    const { collector, localAddress, wheel, timing, micro, tally, log } = this.#options;
    const { serial } = micro.identity;
    this.#cancel('dial');
    this.#silence = 0;
    this.#handshakes = 0;
    this.#link = new LoggerLink({
      ...collector,
      localAddress,
      serial,
      wheel,
      connectTimeoutMs: timing.answerMs,
      onOpen: () => {
        this.#chores.add('handshake');
        this.#pump();
      },
      onWrong: (why) => {
        tally.counts.wrongAnswers += 1;
        log.warn({ serial, why }, 'a simulated logger got a wrong answer');
      },
      onClose: (why) => this.#onClosed(why),
    });
  }

  #onClosed(why: string): void {
    const { timing, random, micro, log } = this.#options;
    this.#link = null;
    this.#isReady = false;
    this.#chores.clear();
    this.#cancel('heartbeat', 'cycle');
    this.#onDrained?.();
    log.debug({ serial: micro.identity.serial, why }, 'a simulated logger has no connection');
    if (this.#isStopping || (!this.#sampler.isOn && this.#history === null)) return;
    const waitMs = Math.min(timing.retryMaxMs, timing.retryMinMs * 2 ** Math.min(16, this.#failures));
    this.#failures += 1;
    this.#isDialling = true;
    // Half of it by chance, so that a fleet does not come back as one
    this.#set('dial', waitMs * random.between(0.5, 1), () => this.#dial());
  }

  /** Send what is most urgent, if nothing is under way. The order is that of a real session (§2.3). */
  #pump(): void {
    const link = this.#link;
    if (link === null || link.isBusy) return;
    if (this.#chores.has('handshake')) this.#shakeHands(link);
    else if (this.#isReady && !this.#sendSample(link) && !this.#doChore(link)) this.#onDrained?.();
  }

  #shakeHands(link: LoggerLink): void {
    const { micro, intervalS, timing } = this.#options;
    this.#handshakes += 1;
    if (this.#handshakes > MAX_HANDSHAKES) {
      link.close();
      return;
    }
    const payload = micro.handshake(this.#sampler.timeBlock(), intervalS);
    link.request(CODE.handshake, payload, timing.handshakeMs, (answer) => {
      if (answer.kind === 'acknowledged') this.#onReady(answer);
      this.#pump();
    });
  }

  #onReady(answer: Answer): void {
    this.#hear(answer);
    this.#chores.delete('handshake');
    this.#chores.add('wifi').add('report');
    this.#failures = 0;
    this.#handshakes = 0;
    const isFirst = !this.#isReady && this.#history === null && this.#samples.size === 0;
    this.#isReady = true;
    this.#set('heartbeat', this.#options.timing.heartbeatMs, () => this.#repeat('heartbeat'));
    this.#set('cycle', this.#options.timing.cycleMs, () => this.#repeat('handshake'));
    if (isFirst && !this.#isStopping) this.#measure(this.#options.clock.now());
  }

  #repeat(chore: 'heartbeat' | 'handshake'): void {
    this.#chores.add(chore);
    if (chore === 'heartbeat') this.#set(chore, this.#options.timing.heartbeatMs, () => this.#repeat(chore));
    this.#pump();
  }

  /** False when there is no sample to send. */
  #sendSample(link: LoggerLink): boolean {
    if (this.#samples.size === 0) this.#recall();
    // The past may end at night, and the connection with it; or its end has already sent the first sample of the present
    if (this.#link !== link || link.isBusy) return true;
    const next = this.#samples.next();
    if (next === null) return false;
    const { sample, payload, isRepeated } = next;
    const { counts } = this.#options.tally;
    if (isRepeated) counts.samplesResent += 1;
    else counts.samplesSent += 1;
    const { copy } = sample;
    const onAnswer = (answer: Answer) => {
      this.#onSampleAnswered(sample, answer);
      this.#afterAnswer(answer);
    };
    link.request(CODE.data, payload, this.#options.timing.answerMs, onAnswer, copy === 'twice');
    if (copy === 'twice') sample.copy = null;
    return true;
  }

  #onSampleAnswered(sample: Sample, answer: Answer): void {
    const { tally } = this.#options;
    if (answer.kind === 'timeout') return;
    if (answer.kind === 'acknowledged' && !sample.isAcknowledged) tally.acknowledged(sample);
    if (answer.kind === 'refused') tally.counts.samplesRefused += 1;
    sample.isAcknowledged = answer.kind === 'acknowledged';
    // The answer got lost on its way, so far as this logger is concerned
    const isForgotten = sample.copy === 'again' && sample.isAcknowledged;
    sample.copy = null;
    if (!isForgotten) this.#samples.drop(sample);
    tally.counts.samplesWaiting = this.#samples.size;
  }

  /** The next sample of the past; after the last one the present begins. */
  #recall(): void {
    if (this.#history === null) return;
    const { value, done } = this.#history.next();
    if (done !== true) {
      this.#keep(value, true);
      return;
    }
    this.#history = null;
    if (!this.#sampler.isOn) this.#link?.close();
    this.#tick();
  }

  /** False when there is nothing to do. */
  #doChore(link: LoggerLink): boolean {
    const [chore] = this.#chores;
    if (chore === undefined || chore === 'handshake') return false;
    this.#chores.delete(chore);
    const { micro, timing } = this.#options;
    const time = this.#sampler.timeBlock();
    const payload = chore === 'heartbeat' ? encodeHeartbeat() : micro[chore](time);
    link.request(CODE[chore], payload, timing.answerMs, (answer) => this.#afterAnswer(answer));
    return true;
  }

  #afterAnswer(answer: Answer): void {
    this.#hear(answer);
    this.#silence = answer.kind === 'timeout' ? this.#silence + 1 : 0;
    if (this.#silence >= MAX_SILENCE) this.#link?.close();
    else this.#pump();
  }

  #hear(answer: Answer): void {
    if (answer.kind === 'acknowledged') this.#sampler.learn(answer.serverTime, answer.utcOffsetMin);
  }

  #set(timer: Timer, ms: number, run: () => void): void {
    this.#cancel(timer);
    this.#timers.set(timer, this.#options.wheel.after(ms, run));
  }

  #cancel(...timers: Timer[]): void {
    for (const timer of timers) this.#timers.get(timer)?.();
  }
}
