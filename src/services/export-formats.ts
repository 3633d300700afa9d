import { quarterStart, utcOffsetMinutes } from '../domain/period.ts';
import type { ExportTable, ExportValue } from './export-service.ts';

export interface CsvForm {
  /** For spreadsheets, which otherwise guess the encoding. */
  bom: boolean;
  /** Semicolons between the fields and a comma in the numbers, as spreadsheets in German expect. */
  isGerman: boolean;
}

/** So much text is handed on at once. */
const CHUNK_CHARS = 32_768;

/** RFC 4180: lines end with CRLF. What is unknown is an empty field. */
export async function* csvOf(table: ExportTable, { bom, isGerman }: CsvForm): AsyncGenerator<string> {
  const separator = isGerman ? ';' : ',';
  const cell = (value: ExportValue): string => {
    if (value === null) return '';
    const text = String(value);
    return isGerman && typeof value === 'number' ? text.replace('.', ',') : text;
  };
  const timeOf = clockOf(table.timeZone);
  let text = `${bom ? '\ufeff' : ''}${[table.timeName, ...table.names].map(safeText).join(separator)}\r\n`;
  for await (const { time, values } of table.rows) {
    text += `${[timeOf(time), ...values.map(cell)].join(separator)}\r\n`;
    if (text.length < CHUNK_CHARS) continue;
    yield text;
    text = '';
  }
  yield text;
}

/** One object with everything that is asked for, written while it is read. */
export async function* jsonOf(table: ExportTable, resolution: string): AsyncGenerator<string> {
  const { id, name, serial } = table.inverter;
  const head = { inverter: { id, name, serial }, time_zone: table.timeZone, resolution };
  const timeOf = clockOf(table.timeZone);
  let text = `${JSON.stringify(head).slice(0, -1)},"items":[`;
  let separator = '\n';
  for await (const { time, values } of table.rows) {
    const item: Record<string, unknown> = { [table.timeName]: timeOf(time) };
    table.names.forEach((key, i) => {
      item[key] = values[i] ?? null;
    });
    text += separator + JSON.stringify(item);
    separator = ',\n';
    if (text.length < CHUNK_CHARS) continue;
    yield text;
    text = '';
  }
  yield `${text}\n]}\n`;
}

/** Text that a spreadsheet would take for a formula is kept from being one; numbers are no text. */
export function safeText(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",;\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** `2026-06-15T14:05:00+02:00`: the time on the site's wall, and what it is elsewhere. */
export function localTime(at: Date, timeZone: string): string {
  return withOffset(at, utcOffsetMinutes(timeZone, at));
}

/** The same for one time after the other: clocks change on quarter hours, so the offset is looked up once in each. */
function clockOf(timeZone: string): (at: Date) => string {
  let quarter = Number.NaN;
  let minutes = 0;
  return (at) => {
    const of = quarterStart(at.getTime());
    if (of !== quarter) {
      quarter = of;
      minutes = utcOffsetMinutes(timeZone, at);
    }
    return withOffset(at, minutes);
  };
}

function withOffset(at: Date, minutes: number): string {
  const wall = new Date(at.getTime() + minutes * 60_000).toISOString();
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  return `${at.getUTCMilliseconds() === 0 ? wall.slice(0, 19) : wall.slice(0, 23)}${offset}`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** A name without what a file system may not take. */
export function fileName(name: string): string {
  return name.replace(/[\p{Cc}"\\/:*?<>|]/gu, '_').slice(0, 100);
}

/** What the browser calls the file: the name in letters every system has, and as it is for those that can. */
export function disposition(name: string, extension: string): string {
  const clean = fileName(name);
  const plain = clean
    .normalize('NFKD')
    .replace(/[^\x20-\x7e]/g, '')
    .trim();
  const fallback = plain === '' ? 'export' : plain;
  const encoded = encodeURIComponent(`${clean}.${extension}`).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${fallback}.${extension}"; filename*=UTF-8''${encoded}`;
}
