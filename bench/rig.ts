/** The program as people run it, in a process of its own, with accounts and devices made for a measurement. */
import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';
import { loadConfig } from '../src/config.ts';
import { apiKeyHint, hashApiKey, newApiKey } from '../src/crypto/api-key.ts';
import { type Database, openDatabase } from '../src/db/database.ts';
import { insertAccount, insertApiKeyFor } from '../src/store/owner-accounts.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { type ServerProcess, startServer } from '../test/support/server-process.ts';

export interface Bench {
  server: ServerProcess;
  /** The same database, as the owner; beside the running server. */
  owner<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  /** Superuser URL of the database, for a bare neighbour measured on the same server. */
  adminUrl: string;
  userId: number;
  apiKey: string;
  /** Inverters with these serials; answers their ids in the same order. */
  addInverters(kind: 'solarman' | 'opendtu', serials: readonly string[]): Promise<number[]>;
  close(): Promise<void>;
}

export async function openBench(env: Record<string, string> = {}): Promise<Bench> {
  // BENCH_NODE_ARGS="--cpu-prof --cpu-prof-dir=…" shows where the program's time goes.
  const nodeArgs = process.env['BENCH_NODE_ARGS']?.split(' ') ?? [];
  // The smallest of machines, busy: five minutes.
  const server = await startServer({ env: { LOG_LEVEL: 'warn', ...env }, nodeArgs, readyMs: 300_000 });
  let database: Database;
  try {
    database = await openDatabase(loadConfig({ DATA_DIR: server.dataDir }, '/nonexistent'), createLogger('fatal'));
  } catch (error) {
    await server.stop();
    throw error;
  }
  const apiKey = newApiKey();
  const userId = await database.owner(async (owner) => {
    const id = await insertAccount(owner, {
      email: 'bench@example.org',
      passwordHash: 'x',
      firstName: '',
      lastName: '',
      timeZone: 'Europe/Berlin',
      isAdmin: false,
      isVerified: true,
    });
    const key = { name: 'bench', scope: 'full' as const, hash: hashApiKey(apiKey), hint: apiKeyHint(apiKey) };
    await insertApiKeyFor(owner, id, { ...key, createdAt: new Date(), expiresAt: null });
    return id;
  });
  return {
    server,
    owner: (work) => database.owner(work),
    adminUrl: database.adminUrl,
    userId,
    apiKey,
    addInverters: (kind, serials) =>
      database.owner(async (owner) => {
        const { rows } = await owner.query<{ id: number }>(
          `INSERT INTO api.inverter (user_id, site_id, kind, serial, name)
           SELECT $1, (SELECT id FROM api.site WHERE user_id = $1 ORDER BY id LIMIT 1), $2, n.serial, n.serial
           FROM unnest($3::text[]) WITH ORDINALITY AS n (serial, i) ORDER BY n.i
           RETURNING id`,
          [userId, kind, serials],
        );
        return rows.map((row) => row.id);
      }),
    close: async () => {
      await database.release();
      await server.stop();
    },
  };
}

/** Resident memory of a process in KiB, and the processor time it and its children have used so far in seconds. */
export function usageOf(pid: number): { residentKiB: number; cpuS: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const residentKiB = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN);
  return { residentKiB, cpuS: cpuOf(pid) };
}

/** Processor time of PostgreSQL: the postmaster of this folder and all its living children, in seconds. */
export function postgresCpuS(dataDir: string): number {
  const postmaster = Number(readFileSync(`${dataDir}/postgres/postmaster.pid`, 'utf8').split('\n')[0]);
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === postmaster);
  return [postmaster, ...children.map(Number)].reduce((sum, pid) => sum + cpuOf(pid), 0);
}

/** proc(5): fields after the name in brackets; 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime, in hundredths. */
function statOf(pid: string | number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    // It has ended since it was listed.
    return [];
  }
}

function parentOf(pid: string): number {
  return Number(statOf(pid)[1] ?? Number.NaN);
}

function cpuOf(pid: number): number {
  const fields = statOf(pid);
  return [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i] ?? 0), 0) / 100;
}

/** The value below which the share `p` of the sorted values lie. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}
