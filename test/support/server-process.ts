import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { secretsIn } from './no-secrets.ts';

/** The program as people run it: built, in a process of its own, with its own data folder and ports. */
const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

export interface ServerProcess {
  httpPort: number;
  collectorPort: number;
  dataDir: string;
  url: string;
  pid: number;
  /** Everything it has written so far. */
  output(): string;
  /** The one-time link it printed. */
  setupLink(): string;
  /** Runs a command beside it and answers its standard output. */
  cli(...args: string[]): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code (null after a signal). */
  exited: Promise<number | null>;
  /** Starts another process on the same data, after this one has ended. */
  restart(): Promise<ServerProcess>;
  /** Ctrl-C, wait, remove the data. Every process of the tests ends here: fails where its log held a secret. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  args?: string[];
  env?: Record<string, string>;
  dataDir?: string;
  ports?: { http: number; collector: number };
  /** For node itself, before the program's name. */
  nodeArgs?: string[];
  /** How long it may take to get ready. */
  readyMs?: number;
}

/** Starts it and waits until it says that it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'deye-hard-e2e-')));
  const ports = options.ports ?? { http: await freePort(), collector: await freePort() };
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '',
    DATA_DIR: dataDir,
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: String(ports.http),
    COLLECTOR_HOST: '127.0.0.1',
    COLLECTOR_PORT: String(ports.collector),
    ...options.env,
  };
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), MAIN, ...(options.args ?? [])], {
    env,
    cwd: dataDir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  try {
    await ready(child, () => text, options.readyMs ?? 60_000);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }

  const self: ServerProcess = {
    httpPort: ports.http,
    collectorPort: ports.collector,
    dataDir,
    url: `http://localhost:${ports.http}`,
    pid: child.pid ?? 0,
    output: () => text,
    setupLink: () => {
      const link = /http\S+\/setup\?token=\S+/.exec(text)?.[0];
      if (link === undefined) throw new Error(`no one-time link in:\n${text}`);
      return link;
    },
    cli: async (...args) => {
      const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], { env, cwd: dataDir });
      return stdout;
    },
    signal: (signal) => child.kill(signal),
    exited,
    restart: async () => {
      await exited;
      return startServer({ ...options, dataDir, ports });
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
      await exited;
      const found = secretsIn(text, dataDir);
      await removeData(dataDir);
      if (found.length > 0) throw new Error(`the log holds secrets:\n${found.join('\n')}`);
    },
  };
  return self;
}

/** The data folder, and the database of it, which lies elsewhere where PostgreSQL's account can't enter. */
export async function removeData(dataDir: string): Promise<void> {
  const database = await realpath(join(dataDir, 'postgres')).catch(() => null);
  if (database !== null) await rm(join(database, '..'), { recursive: true, force: true, maxRetries: 3 });
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
}

async function ready(child: ChildProcess, text: () => string, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!text().includes('is ready')) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended instead of starting:\n${text()}`);
    if (Date.now() > deadline) throw new Error(`the server did not get ready:\n${text()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Below what systems give out by themselves, so that nobody else gets it before it is used, or between two starts on it. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(12_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error('no port');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
