import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/cli/commands.ts';
import { commands } from '../../src/cli/index.ts';
import { loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

/** What the documents tell people to type, and where they send them, is there. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const list = (folder: string, ending: string): string[] =>
  readdirSync(join(ROOT, folder)).flatMap((name) => (name.endsWith(ending) ? join(folder, name) : []));
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', ...list('docs', '.md'), ...list('docs/decisions', '.md')];
const SCRIPTS = [...list('deployment/scripts', '.sh'), 'deployment/deye-hard.service'];
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** Everything that is called by this pattern in a document: `[its arguments]`, up to what ends a command in text or shell. */
function calls(text: string, pattern: RegExp): string[][] {
  return [...text.replaceAll(/\\\n\s*/g, ' ').matchAll(pattern)].map(([, rest = '']) =>
    (rest.split(/[`#;|&>)]|\s{2}|, /, 1)[0] ?? '').trim().split(/\s+/),
  );
}

/** What `deye-hard COMMAND --help` says, and where a command has actions of their own help, those too. */
async function helpOf(name: string): Promise<string> {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const context: CommandContext = {
    config: loadConfig({}, '/nonexistent'),
    log: createLogger('fatal'),
    signal: new AbortController().signal,
    stdin: process.stdin,
    out: write,
    err: write,
  };
  await commands.find((command) => command.name === name)?.run(['--help'], context);
  return lines.join('\n');
}

/** What others' scripts and checks call: may grow, and nothing of it may be renamed or go. */
const FIXED = [
  'serve --demo',
  ...['up', 'down', 'status --json'].map((action) => `migrate ${action} --to`),
  'migrate new',
  'user create --email --password --password-stdin --first-name --last-name --admin --verified --json',
  ...['user list --json', 'user set-password --email', 'user disable --email'],
  'api-key create --email --name --scope --json',
  'inverter add --email --serial --name --kind --time-zone --rated-power --json',
  ...['import --inverter', 'import-predecessor', 'secrets rotate', 'frames replay'],
  'simulate --loggers --dtus --interval --duration --speed --history-days --seed --http --collector --api-key',
  'recompute --inverter --from --to',
  ...['backup', 'restore', 'config --json', 'doctor --json', 'bench --quick --json'],
];

describe('documents', () => {
  const help = new Map<string, string>();
  beforeAll(async () => {
    for (const { name } of commands) help.set(name, await helpOf(name));
  });

  /** The command's name, its action and its options are there; arguments are not looked at. */
  function expectCommand([name = '', ...args]: string[], where: string): void {
    // `deye-hard` alone serves; capitals and dots stand for something.
    if (name === '' || /^(…|COMMAND|\.\.\.|")/.test(name)) return;
    const text = help.get(name.startsWith('--') ? 'serve' : name);
    expect(text, `${where}: deye-hard ${name}`).toBeDefined();
    for (const option of [name, ...args].filter((arg) => /^--[a-z]/.test(arg)))
      expect(text, `${where}: deye-hard ${name} ${option}`).toContain(option.split('=', 1)[0]);
    const [action = ''] = args;
    const hasActions = new RegExp(`deye-hard ${name} [a-z]`).test(text ?? '');
    if (hasActions) expect(text, `${where}: deye-hard ${name} ${action}`).toMatch(new RegExp(`[ |]${action}\\b`));
  }

  it.each([...DOCUMENTS, ...SCRIPTS])('%s names only commands, actions and options that there are', (path) => {
    for (const call of calls(read(path), /(?<![\w/.:=-])(?:npx )?deye-hard(?: |$)(?=[a-z-])([^\n]*)/gm)) {
      // In a sentence or a path, `deye-hard` is a name.
      const isCommand = commands.some(({ name }) => name === call[0]);
      const isSpelled = new RegExp(`npx deye-hard ${call[0] ?? ''}`).test(read(path));
      if (isCommand || isSpelled) expectCommand(call, path);
    }
    for (const call of calls(read(path), /npm run ([^\n]*)/g)) expect(scripts, path).toHaveProperty([call[0] ?? '']);
    for (const [, name = ''] of read(path).matchAll(/\bnpm (start|test)\b/g)) expect(scripts).toHaveProperty([name]);
  });

  it.each(DOCUMENTS)('%s leads only to what is there', (path) => {
    for (const [, target = ''] of read(path).matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)) {
      if (/^(https?:|mailto:)/.test(target) || target === '') continue;
      const [file = '', anchor] = target.split('#');
      const full = file === '' ? join(ROOT, path) : resolve(ROOT, dirname(path), file);
      expect(existsSync(full), `${path}: ${target}`).toBe(true);
      if (anchor === undefined) continue;
      const headings = readFileSync(full, 'utf8').match(/^#+ .*$/gm) ?? [];
      const anchors = headings.map((heading) =>
        heading
          .replace(/^#+ /, '')
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N} -]/gu, '')
          .replaceAll(' ', '-'),
      );
      expect(anchors, `${path}: ${target}`).toContain(anchor);
    }
  });

  it.each(FIXED)('deye-hard %s is there', (call) => {
    const [name = ''] = call.split(' ');
    expect(help.get(name), name).toBeDefined();
    expectCommand(call.split(' '), 'fixed names');
  });

  it('name only tests and their kinds that there are', () => {
    const config = read('vitest.config.ts');
    for (const path of DOCUMENTS) {
      for (const [, kind = '', file = ''] of read(path).matchAll(/vitest run --project (\w+) ([\w./-]+)/g)) {
        expect(config, path).toContain(`name: '${kind}'`);
        expect(existsSync(join(ROOT, file)), `${path}: ${file}`).toBe(true);
      }
    }
  });

  it('name only scripts of the deployment that there are', () => {
    for (const path of DOCUMENTS) {
      for (const [, name = ''] of read(path).matchAll(/\b([a-z-]+\.sh)\b/g))
        expect(existsSync(join(ROOT, 'deployment/scripts', name)), `${path}: ${name}`).toBe(true);
    }
  });

  it('show how every command is used', () => {
    const all = DOCUMENTS.map(read).join('\n');
    const untold = commands.map(({ name }) => name).filter((name) => !new RegExp(`deye-hard ${name}\\b`).test(all));
    // The first is what `npm start` runs.
    expect(untold).toEqual(['serve']);
  });
});
