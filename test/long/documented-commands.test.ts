import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { roleNames } from '../../src/db/roles.ts';
import { documentedCommands, isRunHere, ROOT } from '../support/documented-commands.ts';
import { createPredecessor, type FakePredecessor } from '../support/fake-predecessor.ts';
import { freePort, removeData } from '../support/server-process.ts';

/**
 * Every command of README and documents, as it stands there, in a copy of this folder: a newcomer reads them one after the other. Other
 * words stand only for places and names (`PUT_IN`); what is not run here is said, with the reason, in `documented-commands.ts`.
 */
const PASSWORD = 'Sonne-und-Wind-7';
/** What changes the installation for good comes last. */
const IN_THIS_ORDER = [
  'README.md',
  'CONTRIBUTING.md',
  'docs/testing.md',
  'docs/api.md',
  'docs/opendtu.md',
  'docs/victron.md',
  'docs/backup.md',
  'docs/import-predecessor.md',
  'docs/solarman.md',
  'docs/operations.md',
];
const PUSHING = { opendtu: '116183771004', victron: 'HQ2132ABCDE' };
/** Blocks that begin on a machine that has nothing yet. */
const ON_ANOTHER_MACHINE = new Set(['docs/backup.md 2']);

/** A server in the background for as long as it takes to be healthy; an answer that is an error fails. */
const PREAMBLE = `set -euo pipefail
npm() {
  case "$*" in
    start | 'run dev')
      HTTP_PORT=$OTHER_HTTP_PORT COLLECTOR_PORT=$OTHER_COLLECTOR_PORT setsid npm "$@" &
      local server=$!
      command curl --fail --silent --retry 120 --retry-delay 1 --retry-all-errors "http://localhost:$OTHER_HTTP_PORT/healthcheck"
      kill -TERM -- -$server
      wait $server || true ;;
    *) command npm "$@" ;;
  esac
}
curl() {
  case "$1" in
    -N) command curl --fail --silent --show-error --max-time 3 "$@" || [ $? = 28 ] ;;
    -OJ) command curl --fail --silent --show-error --retry 120 --retry-delay 1 --retry-all-errors "$@" ;;
    *) command curl --fail --silent --show-error "$@" ;;
  esac
}
`;

const work = mkdtempSync(join(tmpdir(), 'deye-hard-documents-'));
const [machine, other, elsewhere] = [join(work, 'machine'), join(work, 'other'), join(work, 'elsewhere')];
const target = `documents_${randomBytes(4).toString('hex')}`;
const env: Record<string, string> = {};
let server: ReturnType<typeof spawn>;
let ended: Promise<number | null>;
let predecessor: FakePredecessor;
let putIn: [string | RegExp, string][];

beforeAll(async () => {
  copyOfThisFolder(machine);
  copyOfThisFolder(other);
  mkdirSync(elsewhere);
  predecessor = await createPredecessor('whole numbers');
  await administer(`CREATE DATABASE ${target}`);
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()].map(String);
  Object.assign(env, {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: ports[0] ?? '',
    COLLECTOR_HOST: '127.0.0.1',
    COLLECTOR_PORT: ports[1] ?? '',
    OTHER_HTTP_PORT: ports[2] ?? '',
    OTHER_COLLECTOR_PORT: ports[3] ?? '',
  });
  const address = `http://localhost:${ports[0]}`;
  putIn = [
    ['http://localhost:8000', address],
    ['http://SERVER:8000', address],
    ['127.0.0.1:10000', `127.0.0.1:${ports[1]}`],
    ['KEY=ABCD-EFGH-JKMN-PQRS', ''],
    ['postgresql://postgres:…@db.example.org/deye_hard', serverUrl(target)],
    ['postgresql://deyehard:…@old.example.org:5432/deyehard', predecessor.url],
    [/\/(media\/stick|var\/backups\/deye-hard|safe\/place)\//g, `${elsewhere}/`],
    // What is typed when it is asked for.
    [/--password-stdin.*/, `$& <<< '${PASSWORD}'`],
    // Installed it is already; so long nobody would wait.
    [/^npm ci && /, ''],
    ['--duration 600', '--duration 10'],
  ];
  server = spawn('npm', ['start'], { cwd: machine, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  ended = new Promise((resolve) => server.once('exit', resolve));
  await new Promise<void>((resolve, reject) => {
    server.stdout?.on('data', (text: Buffer) => text.includes('is ready') && resolve());
    ended.then((code) => reject(new Error(`npm start ended with ${code}`)), reject);
  });
});

afterAll(async () => {
  if (server?.pid !== undefined && server.exitCode === null) process.kill(-server.pid, 'SIGTERM');
  await ended;
  await predecessor?.drop();
  await administer(`DROP DATABASE ${target} WITH (FORCE)`);
  for (const role of Object.values(roleNames(serverUrl(target), null))) await administer(`DROP ROLE IF EXISTS ${role}`);
  for (const place of [machine, other]) await removeData(join(place, 'data'));
  rmSync(work, { recursive: true, force: true });
});

const here = documentedCommands().filter(isRunHere);

it('every document with commands has its turn', () => {
  expect([...new Set(here.map(({ document }) => document))].sort()).toEqual([...IN_THIS_ORDER].sort());
});

it.each(IN_THIS_ORDER)('the commands of %s do what they should', async (document) => {
  const commands = here.filter((one) => one.document === document);
  // What was set in a block above is still set.
  const given = commands.map(({ command }) => command).filter((command) => /^[A-Z]+=\S+$/.test(command));
  for (const block of new Set(commands.map((one) => one.block))) {
    const where = `${document} ${block}`;
    const lines = [...given, ...commands.filter((one) => one.block === block).map(({ command }) => command)];
    if (lines.some((line) => line.startsWith('curl'))) await haveKey();
    const script = PREAMBLE + lines.map(filledIn).join('\n');
    const { code, text } = await shell(script, ON_ANOTHER_MACHINE.has(where) ? other : machine);
    expect(code, `${where}\n${text}`).toBe(0);
    keepForLater();
  }
});

function filledIn(command: string): string {
  return putIn.reduce((text, [from, to]) => text.replace(from, to), command);
}

/** The account that README's commands made gets a key, a session, and the devices whose pushes the documents show. */
async function haveKey(): Promise<void> {
  if (env['KEY'] !== undefined) return;
  const program = (...args: string[]): string =>
    execFileSync(process.execPath, ['dist/main.js', ...args, '--email', 'you@example.org', '--json'], {
      cwd: machine,
      env,
    }).toString();
  const { key } = JSON.parse(program('api-key', 'create', '--name', 'mine', '--scope', 'full')) as { key: string };
  env['KEY'] = key;
  for (const [kind, serial] of Object.entries(PUSHING))
    program('inverter', 'add', '--serial', serial, '--name', kind, '--kind', kind);
  const answer = await fetch(`http://localhost:${env['HTTP_PORT']}/auth/jwt/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: 'you@example.org', password: PASSWORD }),
  });
  env['TOKEN'] = ((await answer.json()) as { access_token: string }).access_token;
}

/** The key is kept apart from the backups, as the documents advise; a backup's name is free again for the next document. */
function keepForLater(): void {
  const key = join(machine, 'data/secrets/encryption_key');
  if (existsSync(key)) writeFileSync(join(elsewhere, 'encryption_key'), readFileSync(key));
  rmSync(join(machine, 'club.backup'), { force: true });
}

function shell(script: string, cwd: string): Promise<{ code: number | null; text: string }> {
  const child = spawn('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, text })));
}

/** What a clone has, and what was installed and built. */
function copyOfThisFolder(folder: string): void {
  const names = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const name of names.toString().split('\0')) {
    if (name === '' || !existsSync(join(ROOT, name))) continue;
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    cpSync(join(ROOT, name), join(folder, name));
  }
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  execFileSync('cp', ['-a', realpathSync(join(ROOT, 'node_modules')), join(folder, 'node_modules')]);
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
}

function serverUrl(database: string): string {
  const url = new URL(process.env['TEST_POSTGRES_URL'] ?? '');
  url.pathname = `/${database}`;
  return url.toString();
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl('postgres') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
