/** What one connection does without HTTP: flushes noted down beforehand, then their statements alone, in the same order. */
import type pg from 'pg';
import type { DbPool } from '../src/db/pools.ts';
import { flushSamples } from '../src/ingest/flush.ts';
import { opendtu } from '../src/protocols/opendtu/index.ts';
import type { Sample } from '../src/store/samples.ts';
import { fourInputs } from './http-device.ts';

/** Pushes in one of the replayed flushes: what group commit makes of them under load. */
const FLUSHED_TOGETHER = 100;
/** Everything that storing writes to. */
const TABLES = 'store.ac_sample, store.dc_sample, store.energy_15m, store.counter, store.fold_day, store.late_sample';

interface Recorded {
  name: string | undefined;
  text: string;
  values: unknown[];
}

export interface Recording {
  flushes: readonly Recorded[][];
  samples: number;
}

/** Samples of so many rounds a step apart, together as a flush has them. */
export function makeFlushes(
  { serials, ids, userId }: { serials: readonly string[]; ids: readonly number[]; userId: number },
  { rounds, firstS, stepS }: { rounds: number; firstS: number; stepS: number },
): Sample[][] {
  const flushes: Sample[][] = [];
  for (let n = 0; n < rounds; n++) {
    for (let from = 0; from < serials.length; from += FLUSHED_TOGETHER) {
      const part = serials.slice(from, from + FLUSHED_TOGETHER);
      flushes.push(part.map((serial, i) => sampleOf(serial, firstS + n * stepS, n, userId, ids[from + i] ?? 0)));
    }
  }
  return flushes;
}

/** Stores the flushes and notes every statement of them. The tables are emptied, here and before each replay. */
export async function record(client: pg.Client, flushes: readonly Sample[][]): Promise<Recording> {
  await client.query(`TRUNCATE ${TABLES}`);
  const recorded: Recorded[][] = [];
  for (const flush of flushes) {
    const queries: Recorded[] = [];
    await flushSamples(recordingPool(client, queries), flush, () => null);
    recorded.push(queries);
  }
  return { flushes: recorded, samples: flushes.flat().length };
}

/** Of these only what inserts the samples themselves, and its transactions. */
export function samplesAlone({ flushes, samples }: Recording): Recording {
  const isSamples = ({ name, text }: Recorded): boolean => name === 'append_samples' || text.length < 8;
  return { flushes: flushes.map((queries) => queries.filter(isSamples)), samples };
}

/** @returns samples of inverters a second */
export async function replay(client: pg.Client, { flushes, samples }: Recording): Promise<number> {
  await client.query(`TRUNCATE ${TABLES}`);
  const startedAt = performance.now();
  for (const queries of flushes)
    for (const { name, text, values } of queries)
      await client.query({ ...(name === undefined ? {} : { name }), text, values });
  return samples / ((performance.now() - startedAt) / 1000);
}

/** A pool of one connection that notes what it is asked. */
function recordingPool(client: pg.Client, queries: Recorded[]): DbPool {
  const query = async (asked: string | Recorded, values: unknown[] = []): Promise<unknown> => {
    const {
      name,
      text,
      values: own = values,
    } = typeof asked === 'string' ? { name: undefined, text: asked, values } : asked;
    queries.push({ name, text, values: own });
    return client.query({ ...(name === undefined ? {} : { name }), text, values: own });
  };
  return { connect: async () => ({ query, release: () => undefined }) } as unknown as DbPool;
}

function sampleOf(serial: string, at: number, n: number, userId: number, inverterId: number): Sample {
  const receivedAt = new Date((at + 2) * 1000);
  const [item] = opendtu.decode(JSON.parse(fourInputs(serial, at, n)), receivedAt).items;
  if (item?.ok !== true || item.reading.sampledAt === null) throw new Error('the bench’s own push cannot be read');
  return { userId, inverterId, sampledAt: item.reading.sampledAt, receivedAt, reading: item.reading };
}
