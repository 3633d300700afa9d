import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SoakReport } from '../../bench/soak/report.ts';

/** The quick form of `npm run soak`: everything once, in three minutes. Nothing is said of growth: there is only warming up to be seen. */
const ROOT = new URL('../..', import.meta.url).pathname;

it('a fleet before servers and a database that are killed and restarted is booked to the watt-hour', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deye-hard-soak-test-'));
  const json = join(folder, 'report.json');
  try {
    const { code, text } = await run(['--minutes', '3', '--devices', '100', '--seed', '5', '--json', json]);
    expect(code, text).toBe(0);
    const report = JSON.parse(await readFile(json, 'utf8')) as SoakReport;
    expect(report.books).toMatchObject({ disagreeing: [], missing: 0, unexpected: 0, notRegistered: 0 });
    expect(report.books.bookedWh).toBeGreaterThan(0);
    expect(new Set(report.injections.map(({ what }) => what)).size).toBe(4);
    for (const [kind, count] of Object.entries(report.sent.faults)) expect(count, kind).toBeGreaterThan(0);
    expect(report.sent.totals.samplesWaiting).toBe(0);
    expect(report.readers.bytesRead).toBeGreaterThan(0);
    expect(report.looks.length).toBeGreaterThan(5);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

function run(args: string[]): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
    const child = spawn(process.execPath, ['--import', 'tsx', 'bench/soak.ts', ...args], { cwd: ROOT, env });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    }
    child.once('close', (code) => resolve({ code, text }));
  });
}
