/**
 * What reading costs at the database, after a year of samples: time, and how many weeks and days of samples were touched for it.
 * npm run bench:reads -- [--days 365] [--inverters 10] [--json FILE] [--write]
 * A year of 10 inverters is 26 million samples; without a word it is 28 days of 3. Plain PostgreSQL, or the server of TEST_TIMESCALE_URL.
 * --write puts the table into docs/storage.md. Ends with 1 where a read looks into weeks it was not asked for.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startDisposablePostgres } from '../test/support/disposable-postgres.ts';
import { createTestDatabase } from '../test/support/test-database.ts';
import { type Filled, fillYear } from './reads-fill.ts';
import { measure, type ReadFigure } from './reads-measure.ts';
import { markdownTable, writeMeasured } from './table.ts';

const { values: options } = parseArgs({
  options: {
    days: { type: 'string', default: '28' },
    inverters: { type: 'string', default: '3' },
    json: { type: 'string' },
    write: { type: 'boolean' },
  },
});
/** What is aimed at, in milliseconds. */
const TARGET_MS = 20;

const timescale = process.env['TEST_TIMESCALE_URL'];
// What a small server has: the usual memory, not the little that tests make do with.
const server =
  timescale === undefined ? await startDisposablePostgres({ settings: { shared_buffers: '128MB' } }) : null;
process.env['TEST_POSTGRES_URL'] = timescale ?? server?.connectionString('postgres');
const db = await createTestDatabase();
try {
  const filled = await fillYear(db, { days: Number(options.days), inverters: Number(options.inverters) });
  await report(filled, await measure(db, filled));
} finally {
  await db.drop();
  await server?.stop();
}

async function report(filled: Filled, figures: readonly ReadFigure[]): Promise<void> {
  const { engine, acSamples, dcSamples, quarters, days, inverterIds } = filled;
  const table = markdownTable({
    columns: [
      'what',
      'ms',
      'at best',
      'of it planning',
      'rows',
      'weeks of samples read',
      'the range has',
      'packed days read',
      'pages',
    ],
    rows: figures.map((f) => [
      f.what,
      f.ms,
      f.bestMs,
      f.planningMs,
      f.rows,
      f.weeksRead,
      f.weeksOfRange,
      f.packedDays,
      f.pages,
    ]),
  });
  const size = `${days} days of ${inverterIds.length} inverters with four inputs at a minute`;
  const counts = [acSamples, dcSamples, quarters].map((n) => n.toLocaleString('en'));
  const how = `${engine}: ${size}; ${counts[0]} AC and ${counts[1]} DC samples, ${counts[2]} quarter hours. Median and best of fifteen, everything in memory:`;
  console.log(`\n${how}\n\n${table}`);
  for (const { what, ms } of figures.filter((f) => f.ms >= TARGET_MS)) {
    console.log(`${what}: ${ms.toFixed(1)} ms, aimed at less than ${TARGET_MS}`);
  }
  for (const f of figures.filter((f) => f.weeksRead > f.weeksOfRange)) {
    console.log(`${f.what}: reads weeks outside its range`);
    process.exitCode = 1;
  }
  if (options.json !== undefined) {
    const named = Object.fromEntries(figures.map((f) => [`${engine}_${f.id}_ms`.toLowerCase(), f.ms]));
    await writeFile(options.json, `${JSON.stringify({ figures: named }, null, 2)}\n`);
  }
  if (options.write === true) {
    await writeMeasured(new URL('../docs/storage.md', import.meta.url), 'reads', `${how}\n\n${table}`);
  }
}
