/**
 * Runs the Dockerfile's steps without Docker: each stage in an empty folder, the files of the last commit that .dockerignore lets through as
 * the context; then the program as the image would start it, its health check, and a clean stop. What it cannot show: the base
 * image, other processors, users and read-only file systems. Writes what it did; exits 1 when a step failed.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'deye-hard-image-'));
const context = join(work, 'context');

interface Stage {
  name: string;
  steps: { word: string; rest: string }[];
}

function readStages(): Stage[] {
  const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ');
  const stages: Stage[] = [];
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const [, word = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (word === 'FROM') stages.push({ name: / AS (\w+)/.exec(rest)?.[1] ?? '', steps: [] });
    else stages.at(-1)?.steps.push({ word, rest });
  }
  return stages;
}

/** What the builder would be sent: the files of the last commit that the list lets through. */
function makeContext(): void {
  mkdirSync(context, { recursive: true });
  const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  const allowed = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  const archive = execFileSync('git', ['archive', 'HEAD', ...allowed], { cwd: ROOT, maxBuffer: 1 << 28 });
  execFileSync('tar', ['-x', '--exclude=*.test.ts', '--exclude=*.test.tsx', '-C', context], { input: archive });
}

const folderOf = (stage: string): string => join(work, stage);

function runStage({ name, steps }: Stage): void {
  const folder = folderOf(name);
  mkdirSync(folder, { recursive: true });
  for (const { word, rest } of steps) {
    if (word === 'COPY') {
      const from = /--from=(\w+)/.exec(rest)?.[1];
      const paths = rest.split(/\s+/).filter((path) => !path.startsWith('--'));
      const target = paths.pop() ?? '.';
      for (const path of paths) {
        const source = from === undefined ? join(context, path) : join(folderOf(from), path.replace(/^\/app\//, ''));
        // As Docker does: a folder's content, but a file under its own name where the target ends in a slash.
        const into = target.endsWith('/') ? join(folder, target, basename(path)) : join(folder, target);
        cpSync(source, into, { recursive: true, verbatimSymlinks: true });
      }
    } else if (word === 'RUN') {
      // Of users and of what lies outside /app there is nothing here.
      const command = rest
        .split(' && ')
        .filter((part) => !/^(chown|ln -s)/.test(part))
        .join(' && ');
      if (command === '') continue;
      console.log(`${name}: ${command}`);
      execFileSync('sh', ['-c', command], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
    }
  }
}

async function tryImage(): Promise<void> {
  const folder = folderOf('production');
  let bytes = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    bytes += lstatSync(join(folder, name)).size;
  console.log(`production: /app has ${Math.round(bytes / 1e6)} MB`);
  if ((statSync(join(folder, 'dist/main.js')).mode & 0o111) === 0) throw new Error('dist/main.js is not executable');
  const port = '19464';
  const env = {
    PATH: process.env['PATH'] ?? '',
    NODE_ENV: 'production',
    DATA_DIR: join(folder, 'data'),
    METRICS_PORT: port,
    HTTP_PORT: '18080',
    COLLECTOR_PORT: '11000',
  };
  const server = spawn(join(folder, 'dist/main.js'), ['serve'], { cwd: folder, env, stdio: 'inherit' });
  try {
    const check = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').match(/CMD (\["node", "-e", .*\])/)?.[1] ?? '[]';
    const [, ...checkArgs] = JSON.parse(check) as string[];
    for (let left = 60; ; left--) {
      try {
        execFileSync(process.execPath, checkArgs, { env });
        break;
      } catch (error) {
        if (left === 0 || server.exitCode !== null) throw error;
        await sleep(500);
      }
    }
    console.log('production: healthy');
  } finally {
    server.kill('SIGTERM');
    await new Promise((resolve) => (server.exitCode === null ? server.once('exit', resolve) : resolve(null)));
  }
  if (server.exitCode !== 0) throw new Error(`it ended with ${server.exitCode}`);
  console.log('production: stopped by SIGTERM, exit 0');
}

try {
  makeContext();
  // The development stage installs what the build stage does; it has no file of its own.
  for (const stage of readStages().filter(({ name }) => name !== 'development' && name !== '')) runStage(stage);
  await tryImage();
} finally {
  // Run by root, the built-in PostgreSQL keeps its data where its account can enter.
  const data = join(folderOf('production'), 'data/postgres');
  if (existsSync(data)) rmSync(join(realpathSync(data), '..'), { recursive: true, force: true, maxRetries: 3 });
  rmSync(work, { recursive: true, force: true, maxRetries: 3 });
}
