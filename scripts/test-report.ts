/**
 * Puts the last long run into docs/testing.md, from what `npm run test:long` left in test/results/long.json: `npm run test:report`.
 * A file each, with its tests, how long they took, and which failed; and what `npm run test:everything` ran beside it, where it did.
 */
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable, writeMeasured } from '../bench/table.ts';
import type { EverythingRun } from './test-everything.ts';

/** Of vitest's JSON reporter what is told. */
export interface LongRun {
  startTime: number;
  testResults: {
    name: string;
    startTime: number;
    endTime: number;
    assertionResults: { title: string; status: string }[];
  }[];
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @param root the folder the files are named from */
export function reportOf({ startTime, testResults }: LongRun, root: string): string {
  const count = (status: string): number =>
    testResults.flatMap(({ assertionResults }) => assertionResults.filter((test) => test.status === status)).length;
  const rows = testResults
    .map(({ name, startTime: from, endTime, assertionResults }) => {
      const passed = assertionResults.filter(({ status }) => status === 'passed').length;
      const failed = assertionResults.filter(({ status }) => status === 'failed').length;
      return [`\`${relative(root, name)}\``, passed, failed, Math.round((endTime - from) / 1000)] as const;
    })
    .sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const when = new Date(startTime).toISOString().slice(0, 10);
  const machine = `Node ${process.version} on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`;
  const other = testResults.flatMap((file) => file.assertionResults).length - count('passed') - count('failed');
  const failures = testResults.flatMap((file) =>
    file.assertionResults.flatMap(({ title, status }) => (status === 'failed' ? `- failed: ${title}` : [])),
  );
  return [
    `${when}, ${machine}: ${count('passed')} passed, ${count('failed')} failed, ${other} not run.`,
    markdownTable({ columns: ['file', 'passed', 'failed', 'seconds'], rows }),
    ...failures,
  ].join('\n\n');
}

/** What ran beside the tests. */
export function besideOf({ startTime, steps }: EverythingRun): string {
  const rows = steps.map(
    ({ command, passed, seconds, said }) =>
      [`\`${command}\``, passed ? 'passed' : 'failed', Math.round(seconds), said.join('; ')] as const,
  );
  return [
    `${new Date(startTime).toISOString().slice(0, 10)}, \`npm run test:everything\`:`,
    markdownTable({ columns: ['step', 'result', 'seconds', 'what it said'], rows }),
  ].join('\n\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const run = JSON.parse(readFileSync(`${ROOT}test/results/long.json`, 'utf8')) as LongRun;
  const beside = `${ROOT}test/results/everything.json`;
  const parts = [reportOf(run, ROOT)];
  if (existsSync(beside)) parts.push(besideOf(JSON.parse(readFileSync(beside, 'utf8')) as EverythingRun));
  await writeMeasured(new URL('../docs/testing.md', import.meta.url), 'long', parts.join('\n\n'));
}
