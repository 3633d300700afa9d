import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import { SessionTokens } from '../../src/crypto/jwt.ts';
import { insertApiKey } from '../../src/store/api-keys.ts';
import { insertSession } from '../../src/store/sessions.ts';
import { Conformance, type NamedOperation } from './conformance.ts';
import { Fuzz } from './fuzz.ts';
import type { TestDatabase } from './test-database.ts';

export interface FuzzOptions {
  db: TestDatabase;
  origin: string;
  userId: number;
  seed: number;
  /** Of each operation. */
  requests: number;
}

export interface FuzzReport {
  count: number;
  /** Answers that are a fault of the server or not as documented, and requests without an answer. */
  problems: string[];
  /** How each operation was answered. */
  printed: string;
  /** So long nobody was answered: the server is in this process. */
  longestPauseMs: number;
}

const AT_ONCE = 8;
/** Longer than any answer takes on a busy machine. */
const PATIENCE_MS = 30_000;
const HOUR_MS = 3_600_000;

/** Sends generated requests to every documented operation, as a member, by a key, or as nobody, and judges each answer by the document. */
export async function fuzz({ db, origin, userId, seed, requests }: FuzzOptions): Promise<FuzzReport> {
  const api = new Conformance(await (await fetch(`${origin}/openapi.json`)).json());
  const ids = await inverters(db, userId);
  const problems: string[] = [];
  let count = 0;
  const generator = new Fuzz(api.document, seed, ids);
  function* queue(): Generator<[NamedOperation, number]> {
    for (let n = 0; n < requests; n++) for (const operation of api.operations) yield [operation, n];
  }
  const all = queue();
  const worker = async (): Promise<void> => {
    for (const [operation, n] of all) {
      const { path, headers, body } = generator.request(operation);
      const who = await caller(db, userId, operation, n);
      const what = `seed ${seed}, ${operation.key} (${path.slice(0, 150)}) with ${String(body).slice(0, 300)}`;
      const { method, key } = operation;
      const init = { method, redirect: 'manual', headers: { ...headers, ...who }, body } as const;
      try {
        const found = await api.ask(key, `${origin}${path}`, init, PATIENCE_MS);
        if (found.status >= 500 || found.problems.length > 0) {
          problems.push(`${what}: ${found.status} ${found.problems.join('; ')}`);
        }
      } catch (error) {
        problems.push(`${what}: no answer (${String((error as Error).cause ?? error)})`);
      }
      count += 1;
    }
  };
  const pauses = monitorEventLoopDelay({ resolution: 20 });
  pauses.enable();
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  pauses.disable();
  return { count, problems, printed: api.printed(), longestPauseMs: pauses.max / 1e6 };
}

/** Enough for some to be deleted, and for ids that are nobody's. */
async function inverters(db: TestDatabase, userId: number): Promise<number[]> {
  const { rows } = await db.owner((c) =>
    c.query<{ id: number }>(
      `INSERT INTO api.inverter (user_id, site_id, kind, serial, name, mppt_count)
       SELECT $1, (SELECT min(id) FROM api.site WHERE user_id = $1), (ARRAY['opendtu', 'victron', 'solarman'])[1 + n % 3],
              (900000000 + n)::text, 'Fuzz ' || n, 2
       FROM generate_series(1, 40) n RETURNING id`,
      [userId],
    ),
  );
  const ids = rows.map(({ id }) => id);
  // Something booked, so that ranges are looked at.
  await db.owner(async (c) => {
    const of = [userId, ids];
    await c.query(
      `INSERT INTO store.energy_15m (user_id, inverter_id, ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw)
       SELECT $1, i, date_bin('15 minutes', now() - interval '3 days', 'epoch'), '{5}', '{0}', '{10}', '{1}', '{10}' FROM unnest($2::int[]) i`,
      of,
    );
    await c.query('INSERT INTO store.counter (user_id, inverter_id) SELECT $1, i FROM unnest($2::int[]) i', of);
  });
  return [...ids, 2_000_000_000];
}

/** Made anew for each request: some end what they come with. */
async function caller(
  db: TestDatabase,
  userId: number,
  { scopes, security }: NamedOperation,
  n: number,
): Promise<Record<string, string>> {
  const now = new Date();
  if (security.length === 0 || n % 10 === 9) return {};
  if (scopes.length > 0 && n % 2 === 0) {
    const key = newApiKey();
    const scope = scopes.includes('full') ? 'full' : 'ingest';
    const fields = { name: 'fuzz', scope, hash: hashApiKey(key), hint: '…', createdAt: now, expiresAt: null } as const;
    await insertApiKey(db.pools.app, userId, fields);
    return { 'x-api-key': key };
  }
  const id = randomUUID();
  const expiresAt = new Date(now.getTime() + HOUR_MS);
  await insertSession(db.pools.app, { id, userId, createdAt: now, expiresAt, address: '', userAgent: null });
  return { authorization: `Bearer ${(await new SessionTokens(db.authSecret).sign(userId, id, now)).token}` };
}
