import { cpus, totalmem } from 'node:os';
import { commit } from './parts/package-size.ts';
import type { Results, Spread } from './rounds.ts';
import { markdownTable } from './table.ts';

/** What is written to the JSON file. `figures` and `ratios` are plain numbers, for whoever compares runs; the rest is how they came about. */
export interface Report {
  mode: 'quick' | 'full';
  takenAt: string;
  machine: { processor: string; processors: number; memoryGib: number; node: string; commit: string };
  figures: Record<string, number>;
  ratios: Record<string, number>;
  details: Results;
  /** Figures of the benches with a subject of their own, which `--full` runs too. */
  further: Record<string, Record<string, number>>;
}

export function makeReport(mode: Report['mode'], details: Results, further: Report['further']): Report {
  const medians = (spreads: Record<string, Spread>): Record<string, number> =>
    Object.fromEntries(Object.entries(spreads).map(([name, { median }]) => [name, median]));
  return {
    mode,
    takenAt: new Date().toISOString(),
    machine: {
      processor: cpus()[0]?.model ?? 'unknown',
      processors: cpus().length,
      memoryGib: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      commit: commit(),
    },
    figures: medians(details.figures),
    ratios: medians(details.ratios),
    details,
    further,
  };
}

export function ratioTable({ details: { figures, ratios } }: Report): string {
  return markdownTable({
    columns: ['ratio', 'ours', 'neighbour', 'unit', 'median', 'least', 'most'],
    rows: Object.entries(ratios).map(([name, { of, by, median, least, most }]) => [
      `\`${name}\``,
      said(figures[of]?.median ?? Number.NaN),
      `${said(figures[by]?.median ?? Number.NaN)} (${figures[by]?.what ?? ''})`,
      figures[of]?.unit ?? '',
      digits(median),
      digits(least),
      digits(most),
    ]),
  });
}

export function figureTable({ details: { figures, ratios } }: Report): string {
  const neighbours = new Set(Object.values(ratios).map(({ by }) => by));
  return markdownTable({
    columns: ['figure', 'what', 'median', 'least', 'most', 'unit'],
    rows: Object.entries(figures).flatMap(([name, { what, unit, median, least, most }]) =>
      neighbours.has(name) ? [] : [[`\`${name}\``, what, said(median), said(least), said(most), unit]],
    ),
  });
}

/** The figures of the other benches, as they name them. */
export function furtherTable({ further }: Report): string {
  return markdownTable({
    columns: ['bench', 'figure', 'value'],
    rows: Object.entries(further).flatMap(([bench, figures]) =>
      Object.entries(figures).map(([name, value]) => [`\`npm run bench:${bench}\``, `\`${name}\``, said(value)]),
    ),
  });
}

export function machineLine({ mode, takenAt, machine }: Report): string {
  const { processor, processors, memoryGib, node, commit: at } = machine;
  const when = `${takenAt.slice(0, 10)}, \`npm run bench${mode === 'full' ? ' -- --full' : ''}\``;
  return `${when}, version ${at}, Node ${node} on ${processors} × ${processor}, ${memoryGib} GB. The load came from the same machine.`;
}

function said(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString('en', { maximumSignificantDigits: 4 }) : '–';
}

function digits(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString('en', { maximumSignificantDigits: 3 }) : '–';
}
