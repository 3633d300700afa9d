import { setTimeout as sleep } from 'node:timers/promises';
import { agrees, type DeviceBooks, type Found, type Ledger, reckon } from './reckoning.ts';
import type { Tally } from './report.ts';
import { type AskedInverter, ServerApi } from './server-api.ts';

/** What the server booked and stored, beside what it should have: the end of a run. */
export interface Books {
  /** Devices that were compared. */
  devices: number;
  /** Devices that are not the account's, so that nobody can be asked about them. */
  notRegistered: number;
  expectedWh: number;
  /** More than expected only where samples arrived whose answers did not. */
  mostWh: number;
  bookedWh: number;
  samplesExpected: number;
  samplesFound: number;
  missing: number;
  unexpected: number;
  /** What the server noticed, by kind of event: how many devices, how many events. */
  events: Record<string, { devices: number; events: number }>;
  /** Devices with counters that must not be believed, and of which the server says that it did not. */
  doubted: { devices: number; noticed: number };
  disagreeing: DeviceBooks[];
}

/** Of a server that answers, but has other things to do. */
const AT_ONCE = 6;
/** Late samples are booked within a minute, by a job. */
const AGAIN_MS = 5_000;

/** Asks the server about the devices of a run, before it and after it. */
export class Bookkeeper {
  readonly #api: ServerApi;
  readonly #tallies: readonly Tally[];
  readonly #before = new Map<string, Ledger>();

  /** @param url of the server, or of its push route */
  constructor(url: string, apiKey: string, tallies: readonly Tally[]) {
    this.#api = new ServerApi(new URL('/', url), apiKey);
    this.#tallies = tallies;
  }

  /** To be called before the run: what is there already. @throws Error when the server cannot be asked */
  async open(): Promise<void> {
    const inverters = await this.#api.inverters();
    const known = [...this.#ours(inverters)].filter(([, { lastSeenAt }]) => lastSeenAt !== null);
    await inParallel(known, async ([{ device }, { id }]) => {
      this.#before.set(device.serial, await this.#api.ledger(id));
    });
  }

  /**
   * To be called after the run. Whoever disagrees, or gets no answer, is asked about again until the patience ends.
   * @throws Error when the server did not tell of some device until then
   */
  async close(patienceMs: number, signal?: AbortSignal): Promise<Books> {
    const untilMs = Date.now() + patienceMs;
    const ours = this.#ours(await this.#api.inverters());
    const found = new Map<Tally, Found>();
    const books = new Map<Tally, DeviceBooks>();
    let open = [...ours];
    for (;;) {
      let failure: unknown = null;
      await inParallel(open, async ([tally, { id }]) => {
        try {
          const answer = await this.#find(tally, id);
          found.set(tally, answer);
          books.set(tally, reckon(tally, this.#before.get(tally.device.serial) ?? null, answer));
        } catch (error) {
          failure = error;
        }
      });
      const isOver = Date.now() > untilMs || signal?.aborted === true;
      if (isOver && failure !== null) throw failure;
      open = open.filter(([tally]) => !isSettled(books.get(tally)));
      if (isOver || open.length === 0) break;
      await sleep(AGAIN_MS);
    }
    return sumOf([...books.values()], found, this.#tallies.length - ours.size);
  }

  async #find(tally: Tally, id: number): Promise<Found> {
    const times = [...tally.stored.exact, ...tally.stored.about, ...tally.uncertain.exact, ...tally.uncertain.about];
    const [ledger, sampleMs, events] = await Promise.all([
      this.#api.ledger(id),
      this.#api.sampleTimes(id, times, tally.stored.arrival + tally.uncertain.arrival > 0),
      this.#api.events(id),
    ]);
    return { ...ledger, sampleMs, events };
  }

  #ours(inverters: readonly AskedInverter[]): Map<Tally, AskedInverter> {
    const bySerial = new Map(inverters.map((inverter) => [`${inverter.kind} ${inverter.serial}`, inverter]));
    const ours = new Map<Tally, AskedInverter>();
    for (const tally of this.#tallies) {
      const inverter = bySerial.get(`${tally.device.kind} ${tally.device.serial}`);
      if (inverter !== undefined) ours.set(tally, inverter);
    }
    return ours;
  }
}

function isSettled(books: DeviceBooks | undefined): boolean {
  return books !== undefined && agrees(books);
}

function sumOf(books: readonly DeviceBooks[], found: ReadonlyMap<Tally, Found>, notRegistered: number): Books {
  const events: Books['events'] = {};
  const doubted = { devices: 0, noticed: 0 };
  for (const [tally, { events: told }] of found) {
    for (const [kind, count] of Object.entries(told)) {
      const sum = events[kind] ?? { devices: 0, events: 0 };
      events[kind] = { devices: sum.devices + 1, events: sum.events + count };
    }
    if (tally.counts.samplesDoubted === 0) continue;
    doubted.devices += 1;
    if ((told['quarantined'] ?? 0) > 0) doubted.noticed += 1;
  }
  const sum = (key: Exclude<keyof DeviceBooks, 'serial'>) => books.reduce((total, each) => total + each[key], 0);
  return {
    devices: books.length,
    notRegistered,
    expectedWh: sum('expectedWh'),
    mostWh: sum('mostWh'),
    bookedWh: sum('bookedWh'),
    samplesExpected: sum('samplesExpected'),
    samplesFound: sum('samplesFound'),
    missing: sum('missing'),
    unexpected: sum('unexpected'),
    events,
    doubted,
    disagreeing: books.filter((each) => !agrees(each)),
  };
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
