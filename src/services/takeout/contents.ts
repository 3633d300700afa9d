import { asTenant } from '../../db/as-tenant.ts';
import type { DbPool } from '../../db/pools.ts';
import type { UserId } from '../../domain/inverter.ts';
import { type Bounds, localDate, monthBounds } from '../../domain/period.ts';
import { languageOf } from '../../i18n/locale.ts';
import * as store from '../../store/takeout-contents.ts';
import { csvOf, fileName } from '../export-formats.ts';
import type { ExportRow, ExportService, ExportTable } from '../export-service.ts';
import type { InverterService, InverterSummary } from '../services.ts';
import { archiveName } from './takeouts.ts';
import type { ZipEntry } from './zip.ts';

export interface TakeoutSources {
  /** Everything is read as the tenant: what row security would not show its owner cannot get into an archive. */
  pool: DbPool;
  inverters: Pick<InverterService, 'list'>;
  exports: ExportService;
}

export interface TakeoutOf {
  userId: UserId;
  email: string;
  locale: 'de' | 'en';
}

/** Quarter hours take about so much less time than the measurements they are sums of. */
const WEIGHT_OF_SUMS = 0.3;

/**
 * The files of an archive, each read while it is written: however much was measured, only a piece of it is held.
 * @param onProgress told how much is done, 0…1
 */
export async function* takeoutEntries(
  { pool, inverters, exports }: TakeoutSources,
  { userId, email, locale }: TakeoutOf,
  now: Date,
  onProgress: (share: number) => void,
): AsyncGenerator<ZipEntry> {
  const folder = archiveName(now);
  const file = (name: string, text: ZipEntry['text']): ZipEntry => ({
    name: `${folder}/${name}`,
    modifiedAt: now,
    text,
  });
  const list = (name: string, read: store.ReadPage): ZipEntry => file(name, jsonList(pool, userId, read));
  const facts = (read: typeof store.accountFacts): Promise<store.Row> =>
    asTenant(pool, userId, (tx) => read(tx, userId));

  const { takeoutFile: words } = languageOf(locale === 'de' ? 'de-DE' : 'en-GB').t;
  yield file(words.name, [`\ufeff${words.text(email, now.toISOString()).join('\r\n')}\r\n`]);
  yield file('account.json', [json(await facts(store.accountFacts))]);
  yield file('devices.json', [json(await facts(store.deviceFacts))]);
  yield list('sessions.json', store.sessionPages(userId));
  yield list('mails.json', store.mailPages());
  yield list('log.json', store.logPages());
  yield list('pending-readings.json', store.pendingReadingPages(userId));

  const all = await inverters.list(userId, now);
  const done = new Progress(all.length, onProgress);
  for (const inverter of all) {
    const within = `inverters/${folderName(inverter)}`;
    yield list(`${within}/events.json`, store.eventPages(userId, inverter.id));
    yield list(`${within}/frames.json`, store.framePages(userId, inverter.id));
    yield list(`${within}/decoded-frames.json`, store.decodedFramePages(userId, inverter.id));
    const asked = { from: null, to: null, channels: true, phases: true };
    const sums = await exports.open(userId, inverter.id, { ...asked, resolution: '15m' }, now);
    yield file(`${within}/energy-15m.csv`, csvOf(done.watch(sums, 0, WEIGHT_OF_SUMS), CSV));
    const raw = await exports.open(userId, inverter.id, { ...asked, resolution: 'raw' }, now);
    for await (const { month, table } of byMonth(done.watch(raw, WEIGHT_OF_SUMS, 1))) {
      yield file(`${within}/samples-${month}.csv`, csvOf(table, CSV));
    }
    done.next();
  }
}

const CSV = { bom: true, isGerman: false };

function folderName({ id, name }: InverterSummary): string {
  // Windows takes no folder that ends with a dot or a blank.
  return `${id} ${fileName(name)}`.replace(/[. ]+$/, '');
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** An array, a row a line. */
async function* jsonList(pool: DbPool, userId: UserId, read: store.ReadPage): AsyncGenerator<string> {
  let separator = '[\n';
  for (let after: unknown = null; ; ) {
    const { rows, next } = await asTenant(pool, userId, (tx) => read(tx, after));
    for (const row of rows) {
      yield separator + JSON.stringify(row);
      separator = ',\n';
    }
    if (next === null) break;
    after = next;
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}

/** One table for each month, in the table's zone, that has rows. Each has to be read to its end before the next is asked for. */
async function* byMonth(table: ExportTable): AsyncGenerator<{ month: string; table: ExportTable }> {
  let ahead = await filled(table.rows);
  async function* until(end: number): ExportTable['rows'] {
    for (; ahead.length > 0; ahead = await filled(table.rows)) {
      const next = ahead.findIndex(({ ms }) => ms >= end);
      yield next === -1 ? ahead : ahead.slice(0, next);
      if (next === -1) continue;
      ahead = ahead.slice(next);
      return;
    }
  }
  for (let [first] = ahead; first !== undefined; [first] = ahead) {
    const month = localDate(new Date(first.ms), table.timeZone).slice(0, 7);
    yield { month, table: { ...table, rows: until(monthBounds(month, table.timeZone).to.getTime()) } };
  }
}

/** The next rows there are; none at the end. */
async function filled(rows: ExportTable['rows']): Promise<readonly ExportRow[]> {
  for (;;) {
    const next = await rows.next();
    if (next.done === true) return [];
    if (next.value.length > 0) return next.value;
  }
}

/** How far all of it is, told by the times of the rows that pass. */
class Progress {
  readonly #of: number;
  readonly #tell: (share: number) => void;
  #done = 0;

  constructor(of: number, tell: (share: number) => void) {
    this.#of = of;
    this.#tell = tell;
  }

  /** @param from what of the inverter was done before these rows, and is done after them; 0…1 */
  watch(table: ExportTable, from: number, to: number): ExportTable {
    return { ...table, rows: this.#watched(table.rows, table.bounds, from, to) };
  }

  next(): void {
    this.#done += 1;
    this.#tell(this.#done / this.#of);
  }

  async *#watched(rows: ExportTable['rows'], bounds: Bounds, from: number, to: number): ExportTable['rows'] {
    const start = bounds.from.getTime();
    const length = Math.max(1, bounds.to.getTime() - start);
    for await (const some of rows) {
      const last = some.at(-1);
      if (last === undefined) continue;
      const share = Math.min(1, Math.max(0, (last.ms - start) / length));
      this.#tell((this.#done + from + share * (to - from)) / this.#of);
      yield some;
    }
  }
}
