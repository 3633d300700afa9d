import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ABOUT_MS, type Ledger } from './reckoning.ts';

/** The part of the server's API that tells what it has, asked with the key that the devices push with. */

export interface AskedInverter {
  id: number;
  serial: string;
  kind: string;
  lastSeenAt: string | null;
}

const inverterPage = z.object({
  items: z.array(z.object({ id: z.int(), serial: z.string(), kind: z.string(), last_seen_at: z.string().nullable() })),
  next_cursor: z.int().nullable(),
});
const current = z.object({ counter_total_wh: z.number().nullable() });
const energy = z.object({ total_wh: z.number().nullable() });
const power = z.object({ points: z.array(z.object({ time: z.iso.datetime() })) });
const eventPage = z.object({ items: z.array(z.object({ kind: z.string() })), next_cursor: z.int().nullable() });

/** An answer of raw samples has 5 000 at most. */
const SAMPLES_A_PAGE = 4_000;
const HALF_DAY_MS = 12 * 3_600_000;
const MAX_TRIES = 8;
const TIMEOUT_MS = 30_000;

export class ServerApi {
  readonly #url: URL;
  readonly #apiKey: string;

  constructor(url: URL, apiKey: string) {
    this.#url = url;
    this.#apiKey = apiKey;
  }

  async inverters(): Promise<AskedInverter[]> {
    const all: AskedInverter[] = [];
    let cursor: number | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page: z.infer<typeof inverterPage> = await this.#get(`/api/v1/inverters?limit=1000${query}`, inverterPage);
      for (const { last_seen_at: lastSeenAt, ...inverter } of page.items) all.push({ ...inverter, lastSeenAt });
      cursor = page.next_cursor;
    } while (cursor !== null);
    return all;
  }

  async ledger(id: number): Promise<Ledger> {
    const [{ total_wh: bookedWh }, { counter_total_wh: counterWh }] = await Promise.all([
      this.#get(`/api/v1/inverters/${id}/energy?bucket=year`, energy),
      this.#get(`/api/v1/inverters/${id}/current`, current),
    ]);
    return { bookedWh: bookedWh ?? 0, counterWh };
  }

  /**
   * Times of the samples from the first to the last of these, epoch milliseconds.
   * @param toNow some bear the time of their arrival, which nobody knows
   */
  async sampleTimes(id: number, times: readonly number[], toNow: boolean): Promise<number[]> {
    const sorted = [...times].sort((a, b) => a - b);
    const first = sorted[0];
    if (first === undefined) return [];
    const last = (sorted.at(-1) ?? first) + ABOUT_MS + 1;
    const found: number[] = [];
    let from = first - ABOUT_MS;
    for (let i = SAMPLES_A_PAGE; ; i += SAMPLES_A_PAGE) {
      const isLast = i >= sorted.length;
      const to = isLast ? Math.max(last, toNow ? Date.now() + HALF_DAY_MS : last) : (sorted[i] ?? last);
      const range = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}&bucket=raw`;
      const { points } = await this.#get(`/api/v1/inverters/${id}/power?${range}`, power);
      found.push(...points.map(({ time }) => Date.parse(time)));
      if (isLast) return found;
      from = to;
    }
  }

  /** How many events of each kind there are. */
  async events(id: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    let cursor: number | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const path = `/api/v1/inverters/${id}/events?limit=1000${query}`;
      const page: z.infer<typeof eventPage> = await this.#get(path, eventPage);
      for (const { kind } of page.items) counts[kind] = (counts[kind] ?? 0) + 1;
      cursor = page.next_cursor;
    } while (cursor !== null);
    return counts;
  }

  /** A server that is busy or just starting is asked again. @throws Error when it answers anything else than what was asked for */
  async #get<T>(path: string, shape: z.ZodType<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#ask(path);
      if (answer instanceof Response && answer.ok) {
        const parsed = shape.safeParse(await answer.json().catch(() => null));
        if (parsed.success) return parsed.data;
        throw new Error(`${path}: an answer that cannot be understood`);
      }
      const isTemporary = answer instanceof Error || answer.status === 429 || answer.status >= 500;
      const why = answer instanceof Error ? answer.message : `HTTP ${answer.status}`;
      if (!isTemporary || tries >= MAX_TRIES) throw new Error(`${path}: ${why}`);
      await sleep(250 * tries);
    }
  }

  async #ask(path: string): Promise<Response | Error> {
    try {
      const headers = { 'X-API-Key': this.#apiKey };
      return await fetch(new URL(path, this.#url), { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (error) {
      // No connection, or no answer in time: the caller decides how often that may be
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}
