import { readFile, writeFile } from 'node:fs/promises';

export interface Table {
  columns: readonly string[];
  /** Numbers stand at the right. */
  rows: readonly (readonly (string | number)[])[];
}

/** As Markdown has it. */
export function markdownTable({ columns, rows }: Table): string {
  const isNumber = (n: number): boolean => rows.every((row) => typeof row[n] === 'number' || row[n] === '');
  const line = (cells: readonly (string | number)[]): string => `| ${cells.map(said).join(' | ')} |`;
  return [line(columns), line(columns.map((_, n) => (isNumber(n) ? '--:' : '---'))), ...rows.map(line)].join('\n');
}

/**
 * Puts what was measured into a page, between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`.
 * @throws an error where the page has no such place
 */
export async function writeMeasured(page: URL, name: string, text: string): Promise<void> {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const old = await readFile(page, 'utf8');
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page.pathname} has no place between ${begin} and ${end}`);
  await writeFile(page, `${old.slice(0, from + begin.length)}\n\n${text}\n\n${old.slice(to)}`);
}

function said(cell: string | number): string {
  return typeof cell === 'number' ? cell.toLocaleString('en', { maximumFractionDigits: 1 }) : cell;
}
