import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MANIFEST_FILE, PUBLIC_DIR } from '../src/web/assets.ts';
import { buildAssets } from './build-assets.ts';

/**
 * The server with reload: `npm run dev`, with the server's own arguments behind `--`. A change of its sources starts it anew; one of the
 * pages' scripts, styles or words of style builds what browsers load, and then starts it anew, for their names hold their content's hash.
 */
const SOURCES = fileURLToPath(new URL('../src/', import.meta.url));
/** Editors write a file in several steps. */
const SETTLE_MS = 150;
const ONE_STOP_MS = 1_000;

/** Whether what browsers load is made from this file of `src`: scripts, styles, and pages, whose class names the style sheet is made for. */
export function concernsBrowsers(path: string): boolean {
  if (/\.test\.tsx?$/.test(path)) return false;
  return path.startsWith('client/') || (path.startsWith('web/') && /\.(css|svg|png|tsx?)$/.test(path));
}

function build(): void {
  const startedMs = performance.now();
  try {
    buildAssets();
    console.log(`pages’ assets built in ${Math.round(performance.now() - startedMs)} ms`);
  } catch (error) {
    // A slip that the next keystroke mends: the server goes on with what it has.
    console.error(error instanceof Error ? error.message : error);
  }
}

function develop(): void {
  build();
  const include = join(PUBLIC_DIR, MANIFEST_FILE);
  const tsx = fileURLToPath(import.meta.resolve('tsx/cli'));
  const args = ['watch', '--clear-screen=false', `--include=${include}`, join(SOURCES, 'main.ts')];
  // In a group of its own: Ctrl-C would reach it twice otherwise, and the second time it does not wait for the server to end.
  const server = spawn(process.execPath, [tsx, ...args, ...process.argv.slice(2)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(SOURCES, { recursive: true }, (_, path) => {
    if (path === null || !concernsBrowsers(path)) return;
    clearTimeout(timer);
    timer = setTimeout(build, SETTLE_MS);
  });
  server.on('exit', (code) => {
    watcher.close();
    process.exitCode = code ?? 0;
  });
  let stoppedMs = Number.NEGATIVE_INFINITY;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A terminal tells everybody, and those above tell it again.
      if (performance.now() - stoppedMs < ONE_STOP_MS) return;
      stoppedMs = performance.now();
      server.kill(signal);
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) develop();
