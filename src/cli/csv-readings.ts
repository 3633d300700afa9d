import { open } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse';
import { InvalidInput } from '../domain/errors.ts';
import { type DeviceKind, MAX_CHANNELS } from '../domain/inverter.ts';
import {
  CHANNEL_KEYS,
  decodeReading,
  PHASE_KEYS,
  READING_KEYS,
  type SentReading,
} from '../protocols/readings/readings.ts';

/** A line of more is no reading. */
const MAX_LINE_BYTES = 64 * 1024;
const MAX_PHASES = 3;
const DELIMITERS = [',', ';', '\t'] as const;
const COLUMN = /^(channel|phase)_([1-9])_(\w+)$/;
/** Where a field of the decoder's stands among the columns. */
const NESTED_FIELD = /^(channels|phases)\[(\d+)\]\.(\w+)$/;

export interface CsvReading {
  /** Where it ends in the file; 1 is the first. */
  line: number;
  sent: SentReading;
}

/** A file whose first line is understood. */
export interface CsvFile {
  /** Columns that mean nothing here. */
  ignored: string[];
  /** For the progress: bytes of the file that were read. */
  bytesRead(): number;
  /** @throws InvalidInput, naming the line, when it is no CSV */
  readings(): AsyncGenerator<CsvReading>;
}

/** What a column holds: a value of the reading, of one of its inputs, or of one of its phases. */
type Column =
  | { of: 'reading'; key: string }
  | { of: 'channel' | 'phase'; number: number; key: string }
  | { of: 'nothing' };

/**
 * Reads readings of one inverter from a CSV file as a stream. The columns are called as in the API: `sampled_at`, `power_w`, …, those of
 * inputs `channel_1_power_w`, of phases `phase_1_voltage_v`. Comma, semicolon or tab; a decimal comma where the comma separates nothing.
 * @throws InvalidInput when the first line names no such columns
 */
export async function openCsv(path: string, of: { serial: string; kind: DeviceKind }): Promise<CsvFile> {
  const delimiter = await delimiterOf(path);
  const file = await open(path);
  const source = file.createReadStream();
  const options = { bom: true, delimiter, info: true, trim: true, skip_empty_lines: true, relax_column_count: true };
  const parser = source.pipe(parse({ ...options, max_record_size: MAX_LINE_BYTES }));
  // A file that cannot be read fails where its lines are asked for.
  source.on('error', (error) => parser.destroy(error));
  const rows = parser[Symbol.asyncIterator]() as AsyncIterator<{ record: string[]; info: { lines: number } }>;
  const first = await next(rows);
  const names = (first?.record ?? []).map((name) => name.toLowerCase());
  const columns = names.map(columnOf);
  try {
    checkHeader(names, columns);
  } catch (error) {
    source.destroy();
    throw error;
  }
  return {
    ignored: names.filter((_, i) => columns[i]?.of === 'nothing'),
    bytesRead: () => source.bytesRead,
    async *readings() {
      try {
        for (let row = await next(rows); row !== null; row = await next(rows)) {
          yield { line: row.info.lines, sent: readRow(row.record, names, columns, of, delimiter !== ',') };
        }
      } finally {
        source.destroy();
      }
    },
  };
}

async function next<T>(rows: AsyncIterator<T>): Promise<T | null> {
  try {
    const { done, value } = await rows.next();
    return done === true ? null : value;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? `line ${error['lines']}: ` : '';
    throw new InvalidInput(`${line}this is no CSV (${error.message})`, {}, error);
  }
}

/** The one of the usual that stands most often in the first line. */
async function delimiterOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_LINE_BYTES), 0, MAX_LINE_BYTES, 0);
    const header = buffer.toString('utf8', 0, bytesRead).split(/\r?\n/, 1)[0] ?? '';
    const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
    return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
  } finally {
    await file.close();
  }
}

function columnOf(name: string): Column {
  if (name === 'sampled_at' || READING_KEYS.includes(name)) return { of: 'reading', key: name };
  const [, of, digits, key = ''] = COLUMN.exec(name) ?? [];
  const number = Number(digits);
  if (of === 'channel' && number <= MAX_CHANNELS && CHANNEL_KEYS.includes(key)) return { of, number, key };
  if (of === 'phase' && number <= MAX_PHASES && PHASE_KEYS.includes(key)) return { of, number, key };
  return { of: 'nothing' };
}

function checkHeader(names: readonly string[], columns: readonly Column[]): void {
  if (!names.includes('sampled_at')) {
    throw new InvalidInput('The first line must name the columns as the API does.', { sampled_at: 'is missing' });
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new InvalidInput('A column is named twice.', { [twice]: 'stands there twice' });
  if (columns.every((column, i) => column.of === 'nothing' || names[i] === 'sampled_at')) {
    throw new InvalidInput('No column holds a value.', { power_w: 'or another value of a reading is missing' });
  }
}

function readRow(
  record: readonly string[],
  names: readonly string[],
  columns: readonly Column[],
  of: { serial: string; kind: DeviceKind },
  commaIsDecimal: boolean,
): SentReading {
  if (record.length > columns.length) {
    return {
      ok: false,
      serial: of.serial,
      field: 'line',
      error: `has ${record.length} values for ${names.length} columns`,
    };
  }
  const reading: Record<string, unknown> = { ...of };
  const parts = {
    channel: new Map<number, Record<string, unknown>>(),
    phase: new Map<number, Record<string, unknown>>(),
  };
  for (const [i, column] of columns.entries()) {
    const text = record[i] ?? '';
    if (column.of === 'nothing' || text === '') continue;
    const isName = column.of === 'channel' && column.key === 'name';
    const value = commaIsDecimal && !isName ? text.replace(/^([+-]?\d+),(\d+)$/, '$1.$2') : text;
    if (column.of === 'reading') reading[column.key] = value;
    else {
      const part = parts[column.of].get(column.number) ?? { channel: column.number };
      parts[column.of].set(column.number, { ...part, [column.key]: value });
    }
  }
  const channels = [...parts.channel.values()];
  // A phase that is not there still has its place before those that are.
  const phases = Array.from({ length: Math.max(0, ...parts.phase.keys()) }, (_, i) => parts.phase.get(i + 1) ?? {});
  const sent = decodeReading({ ...reading, channels, phases });
  if (sent.ok) return sent;
  const [, list, index, key] = NESTED_FIELD.exec(sent.field) ?? [];
  if (list === undefined) return sent;
  const number = list === 'phases' ? Number(index) + 1 : channels[Number(index)]?.['channel'];
  return { ...sent, field: `${list === 'phases' ? 'phase' : 'channel'}_${number}_${key}` };
}
