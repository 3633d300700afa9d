import type { TaskMeta } from 'vitest';
import type { TestModule } from 'vitest/node';

/** What a device's nonsense should have come to, and what it did. */
export interface Glitch {
  expectedWh: number;
  bookedWh: number;
  /** Kinds of the events it left. */
  events: readonly string[];
}

declare module 'vitest' {
  interface TaskMeta {
    glitch?: Glitch;
  }
}

/** Remembers a case for the table that closes the run; before its expectations, so that a failed one is in it too. */
export function tellGlitch(task: { meta: TaskMeta }, glitch: Glitch): void {
  task.meta.glitch = glitch;
}

const HEAD = ['glitch', 'expected Wh', 'booked Wh', 'events', 'verdict'] as const;

/** One line a case, from whichever tests told one; empty when none did. */
export function glitchTable(modules: readonly TestModule[]): string {
  const rows = modules.flatMap((module) =>
    [...module.children.allTests()].flatMap((test) => {
      const { glitch } = test.meta();
      if (glitch === undefined) return [];
      const { expectedWh, bookedWh, events } = glitch;
      const verdict = test.result().state === 'passed' ? 'right' : 'WRONG';
      return [[test.name, String(expectedWh), String(bookedWh), counted(events), verdict]];
    }),
  );
  if (rows.length === 0) return '';
  const all = [[...HEAD], ...rows];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const isNumber = (column: number): boolean => column === 1 || column === 2;
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}

/** `quarantined ×5`, `quarantined, rebased` */
function counted(kinds: readonly string[]): string {
  const times = new Map<string, number>();
  for (const kind of kinds) times.set(kind, (times.get(kind) ?? 0) + 1);
  return [...times].map(([kind, n]) => (n === 1 ? kind : `${kind} ×${n}`)).join(', ') || 'none';
}
