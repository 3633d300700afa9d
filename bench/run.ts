/**
 * The performance table: what the program does, beside what the machine does without it, in the same run.
 * npm run bench -- [--quick | --full] [--json FILE] [--write] [--from FILE] [--only NAME,…]
 * Quick (the default) takes less than two minutes, --full less than fifteen and also runs the benches with a subject of their own.
 * The results lie in bench/results; --write puts them into docs/performance.md, with --from those of an earlier run, without measuring.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fanOutMeasures } from './parts/fan-out.ts';
import { frameMeasures } from './parts/frames.ts';
import { mixedMeasures } from './parts/mixed.ts';
import { packageSize } from './parts/package-size.ts';
import { pushMeasures } from './parts/push.ts';
import { fillForReads, readMeasures } from './parts/reads.ts';
import { startMeasures } from './parts/start.ts';
import { figureTable, furtherTable, machineLine, makeReport, type Report, ratioTable } from './report.ts';
import { type Measure, type Results, runRounds } from './rounds.ts';
import { FULL, openStage, QUICK, type Size } from './stage.ts';
import { writeMeasured } from './table.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    full: { type: 'boolean' },
    json: { type: 'string' },
    write: { type: 'boolean' },
    from: { type: 'string' },
    only: { type: 'string' },
  },
});
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));
const PAGE = new URL('../docs/performance.md', import.meta.url);
/** What --full runs beside, so that it ends within its fifteen minutes. */
const FURTHER: Readonly<Record<string, readonly string[]>> = {
  push: ['--seconds', '25'],
  collector: ['--seconds', '20', '--storm', '2000', '--stored-frames', '50'],
  export: [],
};

const mode = options.full === true ? 'full' : 'quick';
const report = options.from === undefined ? await measureAll() : readReport(options.from);
console.log(`\n${machineLine(report)}\n\n${ratioTable(report)}\n\n${figureTable(report)}`);
if (Object.keys(report.further).length > 0) console.log(`\n${furtherTable(report)}`);
if (options.write === true) {
  await writeMeasured(PAGE, 'ratios', `${machineLine(report)}\n\n${ratioTable(report)}`);
  await writeMeasured(PAGE, 'figures', figureTable(report));
  const further = Object.keys(report.further).length > 0 ? furtherTable(report) : 'Not part of a quick run.';
  await writeMeasured(PAGE, 'further', further);
}

function readReport(file: string): Report {
  return JSON.parse(readFileSync(file, 'utf8')) as Report;
}

async function measureAll(): Promise<Report> {
  const startedAt = performance.now();
  mkdirSync(RESULTS, { recursive: true });
  const found = await measureRounds(mode === 'full' ? FULL : QUICK);
  const size = packageSize();
  const details = {
    figures: { ...found.figures, ...size.figures },
    ratios: { ...found.ratios, ...size.ratios },
  };
  const further: Report['further'] = {};
  if (mode === 'full') for (const [bench, args] of Object.entries(FURTHER)) further[bench] = runBench(bench, args);
  const made = makeReport(mode, details, further);
  const file = options.json ?? join(RESULTS, `${mode}.json`);
  writeFileSync(file, `${JSON.stringify(made, null, 2)}\n`);
  console.log(`\n${file}, after ${Math.round((performance.now() - startedAt) / 1000)} s`);
  return made;
}

async function measureRounds(size: Size): Promise<Results> {
  const stage = await openStage(size);
  const closings: (() => Promise<void>)[] = [() => stage.close()];
  try {
    console.log(`${size.days} days of ${size.inverters} inverters are made`);
    const readers = await fillForReads(stage);
    const start = await startMeasures(stage);
    closings.push(start.close);
    const all: Measure[] = [
      ...(await pushMeasures(stage)),
      ...(await frameMeasures(stage)),
      ...(await mixedMeasures(stage, readers)),
      ...(await readMeasures(stage, readers)),
      ...(await fanOutMeasures(stage)),
      ...start.measures,
    ];
    const only = options.only?.split(',');
    const measures = all.filter(({ name }) => only?.some((start) => name.startsWith(start)) ?? true);
    return await runRounds(measures, size.rounds, (line) => console.log(line));
  } finally {
    for (const close of closings.toReversed()) await close();
  }
}

/** One of the other benches in a process of its own; where it found something wrong, this one fails too, with all the rest measured. */
function runBench(bench: string, args: readonly string[]): Record<string, number> {
  const file = join(RESULTS, `${bench}.json`);
  console.log(`\nnpm run bench:${bench} -- ${args.join(' ')}`);
  rmSync(file, { force: true });
  const script = fileURLToPath(new URL(`${bench}.ts`, import.meta.url));
  try {
    execFileSync(process.execPath, ['--import', import.meta.resolve('tsx'), script, ...args, '--json', file], {
      stdio: 'inherit',
    });
  } catch (error) {
    process.exitCode = 1;
    console.error(`npm run bench:${bench}: ${error instanceof Error ? error.message : error}`);
  }
  if (!existsSync(file)) return {};
  const { figures, ratios = {} } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, number>>;
  return { ...figures, ...ratios };
}
