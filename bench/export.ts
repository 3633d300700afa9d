/**
 * What a year of one inverter costs as a file: every measurement by the minute, beside `COPY (the same rows) TO STDOUT` on the same server.
 * npm run bench:export -- [--days 365] [--json FILE] [--write]
 * --write puts the table into docs/api.md.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { hashApiKey, newApiKey } from '../src/crypto/api-key.ts';
import { insertApiKeyFor } from '../src/store/owner-accounts.ts';
import { AC_VALUES } from '../src/store/sample-rows.ts';
import { fillYear } from './reads-fill.ts';
import { openBench, postgresCpuS, usageOf } from './rig.ts';
import { markdownTable, writeMeasured } from './table.ts';

const { values: options } = parseArgs({
  options: { days: { type: 'string', default: '365' }, json: { type: 'string' }, write: { type: 'boolean' } },
});
const DAY_MS = 24 * 3_600_000;
const DAYS = Number(options.days);
const KIB_OF_MB = 1024;

interface Figure {
  what: string;
  rows: number;
  seconds: number;
  /** Of the server and of PostgreSQL. */
  cpuS: number;
  mb: number;
  /** How much larger the server got meanwhile; null where it had no part in it. */
  grewMb: number | null;
}

const bench = await openBench();
try {
  const now = lastSunday(new Date());
  const { userId, inverterIds, engine } = await fillYear(bench, { days: DAYS + 7, inverters: 1, now });
  const [inverterId = 0] = inverterIds;
  const to = new Date(now.getTime() - DAY_MS);
  const from = new Date(to.getTime() - DAYS * DAY_MS);
  const key = newApiKey();
  const facts = { name: 'bench', scope: 'read' as const, hash: hashApiKey(key), hint: '…', createdAt: now };
  await bench.owner((owner) => insertApiKeyFor(owner, userId, { ...facts, expiresAt: null }));
  const ask = (query: string): Promise<Figure> =>
    exported(`${bench.server.url}/api/v1/inverters/${inverterId}/export?${query}&bom=false`, key, { from, to });

  await ask('resolution=raw'); // Plans, code and pages are warm for both.
  const figures = [
    await bench.owner((client) => copied(client, { userId, inverterId, from, to })),
    { ...(await ask('resolution=raw')), what: 'export, CSV' },
    { ...(await ask('resolution=raw&channels=true')), what: 'export, CSV, with four inputs' },
    { ...(await ask('resolution=raw&format=json')), what: 'export, JSON' },
    { ...(await ask('resolution=15m&channels=true')), what: 'export of the quarter hours, CSV, with four inputs' },
  ];
  await report(engine, figures);
} finally {
  await bench.close();
}

/** The evening that `fillYear` fills up to: weeks are packed from Monday on. */
function lastSunday(before: Date): Date {
  const sunday = new Date(before.getTime() - (before.getUTCDay() === 0 ? 7 : before.getUTCDay()) * DAY_MS);
  sunday.setUTCHours(19, 30, 0, 0);
  return sunday;
}

async function measured(what: string, work: () => Promise<{ rows: number; bytes: number }>): Promise<Figure> {
  const { pid, dataDir } = bench.server;
  const cpu = (): number => usageOf(pid).cpuS + postgresCpuS(dataDir);
  const before = { residentKiB: usageOf(pid).residentKiB, cpuS: cpu() };
  let peakKiB = before.residentKiB;
  const watch = setInterval(() => {
    peakKiB = Math.max(peakKiB, usageOf(pid).residentKiB);
  }, 50);
  const startedMs = performance.now();
  const { rows, bytes } = await work();
  const seconds = (performance.now() - startedMs) / 1000;
  clearInterval(watch);
  const grewMb = (peakKiB - before.residentKiB) / KIB_OF_MB;
  return { what, rows, seconds, cpuS: cpu() - before.cpuS, mb: bytes / 1e6, grewMb };
}

function exported(url: string, key: string, { from, to }: { from: Date; to: Date }): Promise<Figure> {
  return measured(url, async () => {
    const response = await fetch(`${url}&from=${from.toISOString()}&to=${to.toISOString()}`, {
      headers: { 'x-api-key': key, 'accept-encoding': 'identity' },
    });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    let [lines, bytes] = [0, 0];
    for await (const part of response.body as AsyncIterable<Uint8Array>) {
      bytes += part.length;
      for (let at = part.indexOf(10); at !== -1; at = part.indexOf(10, at + 1)) lines += 1;
    }
    // JSON has a line of its own for its end.
    return { rows: url.includes('format=json') ? lines - 2 : lines - 1, bytes };
  });
}

/** The same values, as text, to a connection that does nothing but count. */
async function copied(
  client: pg.Client,
  { userId, inverterId, from, to }: { userId: number; inverterId: number; from: Date; to: Date },
): Promise<Figure> {
  await client.query(`SELECT set_config('app.current_user_id', $1, false)`, [String(userId)]);
  const columns = Object.values(AC_VALUES).join(', ');
  const [first, last] = [from.toISOString(), to.toISOString()];
  const text = `COPY (SELECT ts, ${columns} FROM store.ac_all WHERE user_id = ${userId} AND inverter_id = ${inverterId}
    AND ts >= '${first}' AND ts < '${last}' AND day >= ('${first}'::timestamptz AT TIME ZONE 'UTC')::date
    AND day <= ('${last}'::timestamptz AT TIME ZONE 'UTC')::date ORDER BY ts) TO STDOUT (FORMAT csv)`;
  const figure = await measured('`COPY … TO STDOUT` of the same rows', async () => {
    const stream = client.query(copyTo(text));
    let bytes = 0;
    for await (const part of stream as AsyncIterable<Buffer>) bytes += part.length;
    await client.query('SELECT');
    return { rows: stream.rowCount, bytes };
  });
  return { ...figure, grewMb: null };
}

async function report(engine: string, figures: readonly Figure[]): Promise<void> {
  const table = markdownTable({
    columns: ['what', 'rows', 'MB', 'seconds', 'CPU seconds, server and PostgreSQL', 'the server grew by MB'],
    rows: figures.map((f) => [f.what, f.rows, f.mb, f.seconds, f.cpuS, f.grewMb ?? '']),
  });
  const how = `${engine}, ${DAYS} days of one inverter with four inputs at a minute, one reader on the same machine:`;
  console.log(`\n${how}\n\n${table}`);
  if (options.json !== undefined) {
    const [copy, csv] = figures;
    const ratio = (csv?.cpuS ?? Number.NaN) / (copy?.cpuS ?? Number.NaN);
    const named = { export_year_s: csv?.seconds, export_year_grew_mb: csv?.grewMb, copy_year_s: copy?.seconds };
    await writeFile(
      options.json,
      `${JSON.stringify({ figures: named, ratios: { export_vs_copy_cpu_ratio: ratio } }, null, 2)}\n`,
    );
  }
  if (options.write === true) {
    await writeMeasured(new URL('../docs/api.md', import.meta.url), 'export', `${how}\n\n${table}`);
  }
}
