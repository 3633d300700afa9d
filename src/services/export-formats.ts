import { quarterStart, utcOffsetMinutes } from '../domain/period.ts';
import type { ExportTable } from './export-service.ts';

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
  const timeOf = clockOf(table.timeZone);
  let text = `${bom ? '\ufeff' : ''}${[table.timeName, ...table.names].map(safeText).join(separator)}\r\n`;
  for await (const rows of table.rows) {
    for (const { ms, cells } of rows) {
      text += `${timeOf(ms)}${separator}${isGerman ? cells.replaceAll(',', ';').replaceAll('.', ',') : cells}\r\n`;
      if (text.length < CHUNK_CHARS) continue;
      yield text;
      text = '';
    }
  }
  yield text;
}

/** One object with everything that is asked for, written while it is read. */
export async function* jsonOf(table: ExportTable, resolution: string): AsyncGenerator<string> {
  const { id, name, serial } = table.inverter;
  const head = { inverter: { id, name, serial }, time_zone: table.timeZone, resolution };
  const timeOf = clockOf(table.timeZone);
  const keys = table.names.map((key) => `,${JSON.stringify(key)}:`);
  let text = `${JSON.stringify(head).slice(0, -1)},"items":[`;
  let separator = '\n';
  for await (const rows of table.rows) {
    for (const { ms, cells } of rows) {
      text += `${separator}{"${table.timeName}":"${timeOf(ms)}"`;
      const values = cells.split(',');
      for (let i = 0; i < keys.length; i++) text += `${keys[i]}${values[i] || 'null'}`;
      text += '}';
      separator = ',\n';
      if (text.length < CHUNK_CHARS) continue;
      yield text;
      text = '';
    }
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
  return clockOf(timeZone)(at.getTime());
}

/** The same for one time after the other: clocks change on quarter hours, so date, hour and offset are looked up once in each. */
function clockOf(timeZone: string): (ms: number) => string {
  let quarter = Number.NaN;
  let hour = '';
  let minute = 0;
  let offset = '';
  return (ms) => {
    const of = quarterStart(ms);
    if (of !== quarter) {
      quarter = of;
      const minutes = utcOffsetMinutes(timeZone, new Date(of));
      const wall = new Date(of + minutes * 60_000);
      hour = wall.toISOString().slice(0, 'YYYY-MM-DDTHH:'.length);
      minute = wall.getUTCMinutes();
      offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
    }
    const inside = ms - quarter;
    const thousandths = inside % 1000;
    const part = thousandths === 0 ? '' : `.${String(thousandths).padStart(3, '0')}`;
    return `${hour}${two(minute + Math.floor(inside / 60_000))}:${two(Math.floor(inside / 1000) % 60)}${part}${offset}`;
  };
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
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
