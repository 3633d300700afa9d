import { asTenant } from '../db/as-tenant.ts';
import type { DbPool } from '../db/pools.ts';
import { InvalidInput } from '../domain/errors.ts';
import { addDays, type Bounds, dayBounds, localDate } from '../domain/period.ts';
import {
  AC_VALUES,
  DC_VALUES,
  firstKnown,
  PHASE_VALUES,
  readAcSamples,
  readDcSamples,
  type SampleLine,
} from '../store/sample-rows.ts';
import { energyBounds } from './energy-bounds.ts';
import type { ExportResolution, ExportRow, ExportService, ExportTable } from './export-service.ts';
import { oneAhead } from './one-ahead.ts';
import type { InverterCurrent, Services } from './services.ts';

/** So many days are read at once, of sums by quarter hour and longer. */
const DAYS_AT_ONCE: Record<Exclude<ExportResolution, 'raw'>, number> = { '15m': 14, hour: 31, day: 366 };

/** And of samples so many, at the pace the inverter has now: a whole day, or an hour of a talkative one. */
const SAMPLES_AT_ONCE = 10_000;
const HOUR_MS = 3_600_000;
/** Parts of a UTC day: cold days are unpacked as a whole, for each piece that touches them. */
const SPANS_MS = [24, 12, 6, 3, 1].map((hours) => hours * HOUR_MS);

/**
 * Exports are read piece by piece, each in a transaction of its own: whoever reads slowly holds no connection and keeps no old row alive,
 * and whoever goes away costs nothing more: the statement under way is cancelled. While a piece is written, the next is read.
 */
export function createExportService(
  pool: DbPool,
  { inverters, statistics }: Pick<Services, 'inverters' | 'statistics'>,
): ExportService {
  return {
    async open(userId, inverterId, { from, to, resolution, channels, phases }, now, signal) {
      const inverter = await inverters.current(userId, inverterId, now, signal);
      const { timeZone } = inverter;
      const asked = energyBounds({ from: from ?? new Date(0), to: to ?? now }, 'day', timeZone);
      if (asked.from >= asked.to) throw new InvalidInput('The range is empty.', { from: 'must be before `to`' });
      const first = await asTenant(pool, userId, (tx) => firstKnown(tx, userId, inverterId), signal);
      // Before the first thing known, and after now, there is nothing to ask for.
      const bounds = {
        from: new Date(Math.max(asked.from.getTime(), first?.getTime() ?? now.getTime())),
        to: new Date(
          Math.min(asked.to.getTime(), dayBounds(addDays(localDate(now, timeZone), 1), timeZone).to.getTime()),
        ),
      };
      const numbers = channels ? inverter.channels.map(({ channel }) => channel) : [];
      const table = {
        inverter: { id: inverter.id, name: inverter.name, serial: inverter.serial },
        timeZone,
        bounds,
      };
      if (resolution === 'raw') {
        const pieces = piecesOf(bounds, sampleSpanMs(inverter));
        const columns = { channels: numbers, phases: phases ?? inverter.phases.length > 0 };
        return {
          ...table,
          timeName: 'sampled_at',
          names: rawNames(columns),
          rows: rawRows(pool, { userId, inverterId }, pieces, columns, signal),
        };
      }
      const pieces = daysOf(bounds, timeZone, DAYS_AT_ONCE[resolution]);
      const read = (piece: Bounds, ends: AbortSignal): Promise<ExportRow[]> =>
        sums(statistics, userId, inverterId, { ...piece, resolution, channels: numbers }, ends);
      const rows = oneAhead(pieces, read, signal);
      return { ...table, timeName: 'start', names: sumNames(numbers), rows };
    },
  };
}

function sampleSpanMs({ staleAfterS }: InverterCurrent): number {
  // Three intervals make a value stale.
  const intervalMs = (staleAfterS / 3) * 1000;
  return SPANS_MS.find((spanMs) => spanMs <= SAMPLES_AT_ONCE * intervalMs) ?? HOUR_MS;
}

/** The first and the last may be shorter: the others begin where spans since 1970 do. */
function* piecesOf({ from, to }: Bounds, spanMs: number): Generator<Bounds> {
  for (let start = from; start < to; ) {
    const end = new Date(Math.min(to.getTime(), (Math.floor(start.getTime() / spanMs) + 1) * spanMs));
    yield { from: start, to: end };
    start = end;
  }
}

/** Whole local days, so that no hour or day is cut in two. */
function* daysOf({ from, to }: Bounds, timeZone: string, days: number): Generator<Bounds> {
  for (let start = from; start < to; ) {
    const next = dayBounds(addDays(localDate(start, timeZone), days), timeZone).from;
    const end = next < to ? next : to;
    yield { from: start, to: end };
    start = end;
  }
}

const AC_NAMES = Object.keys(AC_VALUES);
const PHASE_NAMES = Object.keys(PHASE_VALUES);
const DC_NAMES = Object.keys(DC_VALUES);

/** What of a single measurement is wanted. */
interface RawColumns {
  channels: readonly number[];
  phases: boolean;
}

function acNames({ phases }: RawColumns): string[] {
  return phases ? [...AC_NAMES, ...PHASE_NAMES] : AC_NAMES;
}

function rawNames(columns: RawColumns): string[] {
  const { channels } = columns;
  return [...acNames(columns), ...channels.flatMap((channel) => DC_NAMES.map((name) => `channel_${channel}_${name}`))];
}

function rawRows(
  pool: DbPool,
  inverter: { userId: number; inverterId: number },
  pieces: Iterable<Bounds>,
  columns: RawColumns,
  signal: AbortSignal | undefined,
): ExportTable['rows'] {
  const { channels } = columns;
  const noAc = nothing(acNames(columns).length);
  const noDc = nothing(DC_NAMES.length * channels.length);
  const read = async (piece: Bounds, ends: AbortSignal): Promise<ExportRow[]> => {
    const of = { ...inverter, ...piece };
    const { ac, dc } = await asTenant(
      pool,
      inverter.userId,
      async (tx) => ({
        ac: await readAcSamples(tx, of, columns),
        dc: channels.length === 0 ? null : await readDcSamples(tx, of, channels),
      }),
      ends,
    );
    return dc === null ? ac : [...joined(ac, dc, noAc, noDc)];
  };
  return oneAhead(pieces, read, signal);
}

/** So many empty cells. */
function nothing(columns: number): string {
  return Array.from({ length: columns }, () => '').join(',');
}

/**
 * A row for each moment of which anything was stored.
 * @param ac in order of time, as `dc` is
 * @param noAc stands for the AC side where only inputs were stored
 * @param noDc the other way round
 */
export function* joined(
  ac: readonly SampleLine[],
  dc: readonly SampleLine[],
  noAc: string,
  noDc: string,
): Generator<ExportRow> {
  for (let a = 0, d = 0; a < ac.length || d < dc.length; ) {
    const ms = Math.min(ac[a]?.ms ?? Number.POSITIVE_INFINITY, dc[d]?.ms ?? Number.POSITIVE_INFINITY);
    let cells = noAc;
    let inputs = noDc;
    for (let line = ac[a]; line?.ms === ms; line = ac[++a]) cells = line.cells;
    for (let line = dc[d]; line?.ms === ms; line = dc[++d]) inputs = line.cells;
    yield { ms, cells: `${cells},${inputs}` };
  }
}

function sumNames(channels: readonly number[]): string[] {
  const inputs = channels.flatMap((channel) => [`channel_${channel}_power_w`, `channel_${channel}_energy_wh`]);
  return ['power_w', 'power_max_w', 'energy_wh', 'estimated', ...inputs];
}

const POWER_BUCKET = { '15m': '15m', hour: '1h', day: '1d' } as const;

/** The very figures that pages and API show. */
async function sums(
  statistics: Services['statistics'],
  userId: number,
  inverterId: number,
  {
    channels,
    resolution,
    ...piece
  }: Bounds & { channels: readonly number[]; resolution: Exclude<ExportResolution, 'raw'> },
  signal: AbortSignal,
): Promise<ExportRow[]> {
  const rows = new Map<number, string[]>();
  const put = (time: Date, column: number, value: number | boolean | null): void => {
    const row = rows.get(time.getTime()) ?? Array.from({ length: 4 + 2 * channels.length }, () => '');
    row[column] = value === null ? '' : String(value);
    rows.set(time.getTime(), row);
  };
  for (const [index, channel] of [0, ...channels].entries()) {
    const column = index === 0 ? 0 : 2 + 2 * index;
    const of = { ...piece, channel, signal };
    const power = await statistics.power(userId, inverterId, { ...of, bucket: POWER_BUCKET[resolution] });
    const energy = await statistics.energy(userId, inverterId, { ...of, bucket: resolution });
    for (const { time, powerW, powerMaxW } of power.points) {
      put(time, column, Math.round(powerW * 10) / 10);
      if (index === 0) put(time, 1, powerMaxW);
    }
    for (const { start, energyWh, estimated } of energy.points) {
      put(start, index === 0 ? 2 : column + 1, energyWh);
      if (index === 0) put(start, 3, estimated);
    }
  }
  return [...rows].map(([ms, cells]) => ({ ms, cells: cells.join(',') })).sort((a, b) => a.ms - b.ms);
}
