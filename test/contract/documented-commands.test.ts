import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  DOCUMENTS,
  documentedCommands,
  isRunHere,
  NOT_RUN,
  ROOT,
  RUN_ELSEWHERE,
} from '../support/documented-commands.ts';

/** Nothing that people are told to type escapes `test/long/documented-commands.test.ts`, unless it is said why. */
const all = documentedCommands();

/** What that test knows how to run. */
const KNOWN =
  /^(npx (deye-hard|vitest run) |npm (ci && npm )?start$|npm run (dev|fix)$|curl |export |[A-Z]+=\S+$|mkdir )/;

it('finds the commands in documents, without comments and with what they go on with', () => {
  const text = '```sh\none "a\nb" # said\n```\n\n```ts\nno();\n```\n- list:\n  ```\n  two \\\n    --three\n  ```\n';
  expect(documentedCommands(['x.md'], () => text)).toEqual([
    { document: 'x.md', block: 0, command: 'one "a\nb"' },
    { document: 'x.md', block: 1, command: 'two \\\n  --three' },
  ]);
  expect(all.length).toBeGreaterThan(80);
});

it('every command of a document is run, or it is said in test/support/documented-commands.ts by what else, or why not', () => {
  expect(all.filter((one) => isRunHere(one) && !KNOWN.test(one.command))).toEqual([]);
});

it('nothing is excused that no document names', () => {
  const commands = new Set(all.map(({ command }) => command));
  expect([...Object.keys(RUN_ELSEWHERE), ...Object.keys(NOT_RUN)].filter((one) => !commands.has(one))).toEqual([]);
});

it.each(Object.entries(RUN_ELSEWHERE))('%s is run elsewhere', (_, { by, word }) => {
  expect(readFileSync(join(ROOT, by), 'utf8')).toContain(word);
});

it.each(DOCUMENTS.filter((document) => all.some((one) => one.document === document)))(
  'what %s says is sound shell',
  (document) => {
    const input = all.flatMap((one) => (one.document === document ? [one.command] : [])).join('\n');
    expect(() => execFileSync('bash', ['-n'], { input, stdio: ['pipe', 'pipe', 'pipe'] })).not.toThrow();
  },
);

it('commands that are not run name files that there are', () => {
  const files = Object.keys(NOT_RUN)
    .flatMap((command) => command.split(/\s+/))
    .filter((word) => /^(?!\/|\.env)[\w./-]+\.(sh|yml|service|example)$/.test(word));
  expect(files).toContain('docker-compose.prod.yml');
  for (const file of files)
    expect(existsSync(join(ROOT, file)) || existsSync(join(ROOT, 'deployment', file)), file).toBe(true);
});
