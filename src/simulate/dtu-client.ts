import type { Logger } from '../telemetry/logger.ts';
import { Cadence, type History } from './cadence.ts';
import type { SimClock } from './clock.ts';
import type { DeviceFaults } from './device-faults.ts';
import type { HttpPusher, PushAnswer } from './http-pusher.ts';
import type { Pushed, VirtualDtu } from './opendtu.ts';
import type { Random } from './random.ts';
import type { Tally } from './report.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** Before a push of the past is tried again: whoever catches up does not give up. */
const RETRY_MS = 1_000;

export interface DtuClientOptions {
  dtu: VirtualDtu;
  pusher: HttpPusher;
  clock: SimClock;
  wheel: TimerWheel;
  intervalS: number;
  /** Sent as pushes with past times before the live ones begin; null for none. */
  history: History | null;
  random: Random;
  faults: DeviceFaults;
  /** By serial of the inverter. */
  tallies: ReadonlyMap<string, Tally>;
  log: Logger;
}

/** A DTU at work: a push every interval, day and night; what fails is not repeated (devices §1.4). */
export class DtuClient {
  readonly #options: DtuClientOptions;
  readonly #cadence: Cadence;
  #isStopping = false;
  #running: Promise<void> | null = null;

  constructor(options: DtuClientOptions) {
    this.#options = options;
    this.#cadence = new Cadence(options.clock, options.wheel, options.intervalS, options.random.next());
  }

  start(): void {
    if (this.#isStopping) return;
    const { history } = this.#options;
    this.#run(history === null ? () => this.#pushNow() : () => this.#catchUp(history));
  }

  /** Nothing more goes wrong. */
  calm(): void {
    this.#options.faults.calm();
  }

  /** Of DTUs nothing is left to bring: what fails is not repeated. */
  get waiting(): number {
    return 0;
  }

  /** Waits for the push under way, if there is one; it ends by itself within the client's time limit. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cadence.stop();
    await this.#running;
  }

  #run(work: () => Promise<void>): void {
    this.#running = work().finally(() => {
      this.#running = null;
      if (!this.#isStopping) this.#cadence.next(() => this.#run(() => this.#pushNow()));
    });
  }

  async #pushNow(): Promise<void> {
    const { dtu, clock, intervalS, faults, pusher } = this.#options;
    const now = clock.now();
    // The time of arrival says something only of the present
    const fault = faults.due(now, clock.lagMs() === 0);
    if (faults.isOut(now)) return;
    const { body, pushed } = dtu.push(now, intervalS, fault);
    const answer = await pusher.post(body);
    this.#book(pushed, answer);
    if (fault?.kind === 'duplicates' && !isTemporary(answer)) this.#bookAgain(pushed, await pusher.post(body));
  }

  /** The days before now. At night there is nothing to tell. */
  async #catchUp({ fromMs, stepS }: History): Promise<void> {
    const { dtu, clock, pusher } = this.#options;
    for (let ms = fromMs; ms < clock.now() && !this.#isStopping; ms += stepS * 1000) {
      const { body, pushed } = dtu.push(ms, stepS);
      if (pushed.every(({ atMs }) => atMs === null)) continue;
      let answer = await pusher.post(body);
      while (isTemporary(answer) && !this.#isStopping) {
        await new Promise<void>((resolve) => this.#options.wheel.after(RETRY_MS, resolve));
        answer = await pusher.post(body);
      }
      this.#book(pushed, answer);
    }
  }

  #book(pushed: readonly Pushed[], answer: PushAnswer): void {
    const { dtu, tallies, log } = this.#options;
    const results = answer.kind === 'answered' ? answer.results : null;
    if (answer.kind === 'failed' || answer.status >= 300) {
      log.debug({ dtu: dtu.identity.serial, answer: summary(answer) }, 'a simulated push was not simply taken');
    }
    for (const { serial, atMs, ...rest } of pushed) {
      const tally = tallies.get(serial);
      // What the DTU only repeats at night is no sample
      if (tally === undefined || atMs === null) continue;
      const { counts } = tally;
      const sample = { ...rest, atMs };
      counts.samplesSent += 1;
      if (isTemporary(answer)) {
        counts.samplesLost += 1;
        tally.unanswered(sample);
      } else if (results?.get(serial) === true) tally.acknowledged(sample);
      else counts.samplesRefused += 1;
      // Success that leaves a device out, or a redirect, which no DTU follows
      const { status } = answer.kind === 'answered' ? answer : { status: 0 };
      if (status >= 200 && status < 400 && results?.has(serial) !== true) counts.wrongAnswers += 1;
    }
  }

  /** What is repeated wants the same answer, and is no new sample. */
  #bookAgain(pushed: readonly Pushed[], answer: PushAnswer): void {
    for (const { serial, atMs } of pushed) {
      const counts = this.#options.tallies.get(serial)?.counts;
      if (counts === undefined || atMs === null) continue;
      counts.samplesResent += 1;
      if (answer.kind === 'answered' && !isTemporary(answer) && answer.results?.get(serial) !== true) {
        counts.wrongAnswers += 1;
      }
    }
  }
}

/** Worth trying again: nobody answered, or the server said that it cannot just now. */
function isTemporary(answer: PushAnswer): boolean {
  return answer.kind === 'failed' || answer.status >= 500 || answer.status === 429;
}

function summary(answer: PushAnswer): string {
  return answer.kind === 'failed' ? answer.why : `HTTP ${answer.status}`;
}
