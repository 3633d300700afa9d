/**
 * All that takes long, one after the other, and what came of each: `npm run test:everything`. A failed step does not end the run, which
 * exits 1 in the end. Leaves test/results/everything.json for `npm run test:report`. On a small machine an hour or more.
 * `-- --only storm` runs one.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

interface Step {
  name: string;
  /** Of `npm run`. */
  script: string;
  args: readonly string[];
  /** The line of its output that says what it found. */
  says: RegExp;
}

/** What is told of a step that ended. */
export interface StepResult {
  name: string;
  command: string;
  passed: boolean;
  seconds: number;
  /** Lines of its output. */
  said: readonly string[];
}

export interface EverythingRun {
  startTime: number;
  steps: StepResult[];
}

export const STEPS: readonly Step[] = [
  { name: 'long', script: 'test:long', args: [], says: /^\d+ passed, \d+ failed/ },
  {
    name: 'year',
    script: 'bench:reads',
    args: ['--days', '365', '--inverters', '10'],
    says: / AC and .* DC samples| outside/,
  },
  { name: 'storm', script: 'bench:collector', args: ['--only-storm'], says: / of \d+( {3}<-- WRONG)?$| s until / },
  { name: 'pictures', script: 'screenshots', args: [], says: /^\d+ pictures/ },
];

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** One line a step, and what it said under it. */
export function summaryOf({ steps }: EverythingRun): string {
  const lines = steps.flatMap(({ command, passed, seconds, said }) => [
    `${passed ? 'passed' : 'FAILED'} ${String(Math.round(seconds)).padStart(5)} s  ${command}`,
    ...said.map((line) => `                ${line}`),
  ]);
  return [...lines, `${steps.filter(({ passed }) => passed).length} of ${steps.length} passed`].join('\n');
}

function run({ name, script, args, says }: Step): Promise<StepResult> {
  const words = ['run', script, ...(args.length === 0 ? [] : ['--', ...args])];
  const startedAt = performance.now();
  const child = spawn('npm', words, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (says.test(line)) said.push(line.trim().replaceAll(/ {2,}/g, ' '));
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const seconds = (performance.now() - startedAt) / 1000;
      resolve({ name, command: `npm ${words.join(' ')}`, passed: code === 0, seconds, said });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;
  const steps = STEPS.filter(({ name }) => only === undefined || name === only);
  if (steps.length === 0) throw new Error(`--only takes one of ${STEPS.map(({ name }) => name).join(', ')}`);
  const all: EverythingRun = { startTime: Date.now(), steps: [] };
  for (const step of steps) all.steps.push(await run(step));
  mkdirSync(`${ROOT}test/results`, { recursive: true });
  writeFileSync(`${ROOT}test/results/everything.json`, JSON.stringify(all, null, 2));
  console.log(`\n${summaryOf(all)}`);
  if (all.steps.some(({ passed }) => !passed)) process.exitCode = 1;
}
