import { describe, expect, it } from 'vitest';
import { csvOf, disposition, jsonOf, localTime, safeText } from './export-formats.ts';
import type { ExportTable } from './export-service.ts';

/** Each row comes by itself, as some that are read at once could. */
function table(rows: [time: string, cells: string][]): ExportTable {
  async function* read(): ExportTable['rows'] {
    for (const [time, cells] of rows) yield [{ ms: Date.parse(time), cells }];
  }
  return {
    inverter: { id: 7, name: 'Süd', serial: '1' },
    timeZone: 'Europe/Berlin',
    bounds: { from: new Date(0), to: new Date(0) },
    timeName: 'start',
    names: ['power_w', 'energy_wh', 'estimated'],
    rows: read(),
  };
}

async function textOf(parts: AsyncGenerator<string>): Promise<string> {
  let text = '';
  for await (const part of parts) text += part;
  return text;
}

const ROWS: [string, string][] = [
  ['2026-10-25T00:30:00Z', '1234.5,308,false'],
  ['2026-10-25T01:30:00Z', ',0,true'],
];

describe('a CSV', () => {
  it('is RFC 4180: CRLF, an empty field for what is unknown, the hour that comes twice told apart', async () => {
    expect(await textOf(csvOf(table(ROWS), { bom: false, isGerman: false }))).toBe(
      'start,power_w,energy_wh,estimated\r\n2026-10-25T02:30:00+02:00,1234.5,308,false\r\n2026-10-25T02:30:00+01:00,,0,true\r\n',
    );
  });

  it('for German spreadsheets has semicolons, decimal commas and says its encoding', async () => {
    const text = await textOf(csvOf(table(ROWS), { bom: true, isGerman: true }));
    expect(text).toMatch(/^\ufeffstart;power_w;energy_wh;estimated\r\n2026-10-25T02:30:00\+02:00;1234,5;308;false\r\n/);
  });

  it('comes in pieces', async () => {
    const many = Array.from({ length: 3_000 }, (_, i): [string, string] => [
      new Date(i * 60_000).toISOString(),
      String(i),
    ]);
    const parts: string[] = [];
    for await (const part of csvOf(table(many), { bom: false, isGerman: false })) parts.push(part);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.join('').split('\r\n')).toHaveLength(3_002);
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+49', "'+49"],
    ['-x', "'-x"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['a"b', '"a""b"'],
    ['a;b', '"a;b"'],
    ['plain', 'plain'],
  ])('%j is written as text: %j', (text, safe) => {
    expect(safeText(text)).toBe(safe);
  });
});

describe('JSON', () => {
  it('is one object, unknown is null', async () => {
    expect(JSON.parse(await textOf(jsonOf(table(ROWS), 'hour')))).toEqual({
      inverter: { id: 7, name: 'Süd', serial: '1' },
      time_zone: 'Europe/Berlin',
      resolution: 'hour',
      items: [
        { start: '2026-10-25T02:30:00+02:00', power_w: 1234.5, energy_wh: 308, estimated: false },
        { start: '2026-10-25T02:30:00+01:00', power_w: null, energy_wh: 0, estimated: true },
      ],
    });
    expect(JSON.parse(await textOf(jsonOf(table([]), 'day')))).toMatchObject({ items: [] });
  });
});

describe('names and times', () => {
  it('times carry their offset, also odd ones and parts of a second', () => {
    expect(localTime(new Date('2026-01-01T00:00:00.250Z'), 'America/St_Johns')).toBe('2025-12-31T20:30:00.250-03:30');
    expect(localTime(new Date('2026-01-01T00:00:00Z'), 'Asia/Kathmandu')).toBe('2026-01-01T05:45:00+05:45');
  });

  it('the file is called as the inverter, in a header that every server and browser can read', () => {
    expect(disposition('Süd ☀️ "1"/2', 'csv')).toBe(
      `attachment; filename="Sud  _1__2.csv"; filename*=UTF-8''S%C3%BCd%20%E2%98%80%EF%B8%8F%20_1__2.csv`,
    );
    expect(disposition('מרפסת', 'json')).toMatch(/filename="export\.json"/);
  });
});
