import { stat } from 'node:fs/promises';
import { NotFound } from '../domain/errors.ts';
import { countLateSamples, type FoundInverter, findInverter } from '../store/owner-inverters.ts';
import { type CommandIo, EXIT_FAILED, EXIT_OK } from './commands.ts';
import { runAction, UsageError } from './context.ts';
import { type CsvReading, openCsv } from './csv-readings.ts';
import type { IngestAccess } from './frames.ts';
import { ProgressLine } from './progress.ts';

const AT_ONCE = 1_000;
/** Wrong lines that are said one by one; the others are counted. */
const MAX_TOLD = 50;

const IMPORT = {
  usage: 'deye-hard import FILE.csv --inverter ID [--dry-run] [--json]',
  help: `Stores the readings of a CSV file as if the inverter had sent them. Doing it again changes nothing.

The first line names the columns as the API does: sampled_at (ISO 8601 with offset, or Unix time), power_w, power_dc_w,
voltage_v, current_a, frequency_hz, power_factor, temperature_c, energy_today_wh, energy_total_wh; of inputs
channel_1_name, channel_1_power_w, …; of phases phase_1_voltage_v, …. An empty value is unknown, other columns are passed over.

--inverter ID  the number of the inverter, which stands in the address of its page
--dry-run      only look for lines that are wrong`,
  options: ['inverter'],
  flags: ['dry-run'],
  argument: 'FILE.csv',
} as const;

export interface ImportContext extends CommandIo {
  openIngest(): Promise<IngestAccess>;
  signal: AbortSignal;
}

interface Wrong {
  line: number;
  field: string;
  error: string;
}

interface Outcome {
  read: number;
  stored: number;
  duplicates: number;
  wrong: Wrong[];
  /** All wrong lines, told or not. */
  wrongCount: number;
  ignored: string[];
  isInterrupted: boolean;
}

/** `deye-hard import`. Exit codes: 0 done, 1 some lines were wrong (the others are stored), 2 wrong usage. */
export async function importFile(args: string[], context: ImportContext): Promise<number> {
  let isComplete = true;
  const exit = await runAction(IMPORT, args, context, async ({ values, flags, json, argument: path }) => {
    const id = idOf(values.inverter);
    const size = await sizeOf(path);
    const isDry = flags['dry-run'];
    const access = await context.openIngest();
    const progress = new ProgressLine();
    const onProgress = (bytes: number, read: number): void =>
      progress.show(`${Math.floor((100 * bytes) / Math.max(1, size))} %, ${read} readings`);
    try {
      const inverter = await access.owner((client) => findInverter(client, id));
      if (inverter === null) throw new NotFound(`There is no inverter ${id}.`);
      if (inverter.isWaiting) throw new NotFound(`Inverter ${id} is a logger that waits for a proof of whose it is.`);
      const options = { isDry, signal: context.signal, onProgress };
      const outcome = await run(path, inverter, access, options).finally(() => progress.clear());
      const late = await access.owner((client) => countLateSamples(client, inverter));
      tell(outcome, { json, isDry, late, inverter }, context);
      isComplete = outcome.wrongCount === 0 && !outcome.isInterrupted;
    } finally {
      await access.close();
    }
  });
  return exit === EXIT_OK && !isComplete ? EXIT_FAILED : exit;
}

interface RunOptions {
  isDry: boolean;
  signal: AbortSignal;
  onProgress: (bytes: number, read: number) => void;
}

async function run(
  path: string,
  inverter: FoundInverter,
  { ingest }: IngestAccess,
  { isDry, signal, onProgress }: RunOptions,
): Promise<Outcome> {
  const file = await openCsv(path, inverter);
  const now = new Date();
  const outcome: Outcome = {
    ...{ read: 0, stored: 0, duplicates: 0, wrong: [], wrongCount: 0 },
    ...{ ignored: file.ignored, isInterrupted: false },
  };
  const refuse = (wrong: Wrong): void => {
    outcome.wrongCount++;
    if (outcome.wrong.length < MAX_TOLD) outcome.wrong.push(wrong);
  };
  const store = async (batch: readonly CsvReading[]): Promise<void> => {
    const sent = batch.map((one) => one.sent);
    for (const [i, result] of (await ingest.batches.readings(inverter.userId, sent, now)).entries()) {
      const { line } = batch[i] ?? { line: 0 };
      if (result.status === 'error') refuse({ line, field: result.field, error: result.error });
      else if (result.status === 'duplicate') outcome.duplicates++;
      else outcome.stored++;
    }
  };
  const check = async (batch: readonly CsvReading[]): Promise<void> => {
    for (const { line, sent } of batch) {
      if (!sent.ok) refuse({ line, field: sent.field, error: sent.error });
      else if (ingest.samples.accepts(sent.reading.sampledAt, now)) outcome.stored++;
      else refuse({ line, field: 'sampled_at', error: 'is outside the accepted time' });
    }
  };
  const take = isDry ? check : store;
  let batch: CsvReading[] = [];
  for await (const reading of file.readings()) {
    if (signal.aborted) break;
    outcome.read++;
    batch.push(reading);
    if (batch.length < AT_ONCE) continue;
    await take(batch);
    batch = [];
    onProgress(file.bytesRead(), outcome.read);
  }
  await take(batch);
  outcome.isInterrupted = signal.aborted;
  return outcome;
}

function tell(
  outcome: Outcome,
  { json, isDry, late, inverter }: { json: boolean; isDry: boolean; late: number; inverter: FoundInverter },
  context: CommandIo,
): void {
  const { read, stored, duplicates, wrong, wrongCount, ignored, isInterrupted } = outcome;
  if (json) {
    const figures = { read, stored, duplicates, errors: wrongCount, wrong, ignored_columns: ignored };
    context.out(JSON.stringify({ inverter_id: inverter.id, dry_run: isDry, ...figures, late_samples: late }));
    return;
  }
  if (ignored.length > 0) context.err(`Columns that mean nothing here: ${ignored.join(', ')}`);
  for (const { line, field, error } of wrong) context.err(`line ${line}, ${field}: ${error}`);
  if (wrongCount > wrong.length) context.err(`… and ${wrongCount - wrong.length} more lines.`);
  if (isDry)
    context.out(`${read} readings for ${inverter.name}: ${stored} can be stored, ${wrongCount} cannot. Nothing was.`);
  else
    context.out(
      `${read} readings for ${inverter.name}: ${stored} stored, ${duplicates} were there already, ${wrongCount} wrong.`,
    );
  if (late > 0)
    context.out(`The energy of ${late} that are older than what was there is booked by the server, within a minute.`);
  if (isInterrupted) context.err('Interrupted; doing it again goes on where it stopped.');
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function idOf(text: string | undefined): number {
  const id = Number(text);
  if (text === undefined || !/^\d{1,10}$/.test(text) || id < 1 || id > 2_147_483_647) {
    throw new UsageError('--inverter is the number of one.');
  }
  return id;
}
