import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { ASSET_PREFIX, type AssetName, INLINE_FILES, MANIFEST_FILE, PUBLIC_DIR } from '../src/web/assets.ts';

/**
 * Builds everything a browser loads into `dist/public`: bundled scripts, the style sheet, htmx, the font, the icons. Every file has its
 * content's hash in its name and stands there compressed too, so that serving is reading. `assets.json` tells the names.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const EMPTY_PICTURE = 'data:image/gif;base64,R0lGODlhAQABAAAAACw=';
/** Above it the best compression takes seconds, and saves little. */
const LARGE_BYTES = 500_000;

export interface BuiltAsset {
  file: string;
  bytes: number;
  brotliBytes: number;
}

export function buildAssets(outDir: string = PUBLIC_DIR): Map<AssetName, BuiltAsset> {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  const built = new Map<AssetName, BuiltAsset>();
  const add = (name: AssetName, content: Buffer | string): void => {
    built.set(name, write(outDir, name, Buffer.from(content)));
  };
  const url = (name: AssetName): string => `${ASSET_PREFIX}${built.get(name)?.file ?? ''}`;

  add(
    'figtree.woff2',
    readFileSync(inPackage('@fontsource-variable/figtree', 'files/figtree-latin-wght-normal.woff2')),
  );
  add('icon.svg', readFileSync(join(ROOT, 'src/web/icons/icon.svg')));
  add('icon-maskable.svg', readFileSync(join(ROOT, 'src/web/icons/icon-maskable.svg')));
  for (const name of ['icon-180.png', 'icon-192.png', 'icon-512.png'] as const) {
    add(name, readFileSync(join(ROOT, 'src/web/icons', name)));
  }
  add('htmx.js', readFileSync(inPackage('htmx.org', 'dist/htmx.min.js')));
  // It shows its maker's picture from the maker's server, which a page of ours never asks.
  const redoc = readFileSync(inPackage('redoc', 'bundles/redoc.standalone.js'), 'utf8');
  add('redoc.js', redoc.replaceAll('https://cdn.redoc.ly/redoc/logo-mini.svg', EMPTY_PICTURE));
  add('htmx-sse.js', readFileSync(inPackage('htmx-ext-sse', 'dist/sse.min.js')));
  const font = { FONT: JSON.stringify(url('figtree.woff2')) };
  add('app.js', bundle('app.client.ts', font));
  // The style sheet names the font as the sources do; what is served has another name.
  const style = styleSheet().replaceAll(`${ASSET_PREFIX}figtree.woff2`, url('figtree.woff2')).trim();
  const script = bundle('theme.client.ts', font).toString().trim();
  for (const text of [style, script])
    if (text.includes('</')) throw new Error('what stands in a page cannot end its element');
  writeFileSync(join(outDir, INLINE_FILES.style), style);
  writeFileSync(join(outDir, INLINE_FILES.script), script);
  add('manifest.webmanifest', JSON.stringify(webManifest(url)));

  const kept = OFFLINE_ASSETS.map(url);
  const version = createHash('sha256')
    .update([...kept, style, script].join())
    .digest('base64url')
    .slice(0, 10);
  add('worker.js', bundle('worker.client.ts', { KEPT: JSON.stringify(kept), VERSION: JSON.stringify(version) }));
  const names = Object.fromEntries([...built].map(([name, { file }]) => [name, file]));
  writeFileSync(join(outDir, MANIFEST_FILE), `${JSON.stringify(names, null, 2)}\n`);
  return built;
}

/** What the offline page loads. */
const OFFLINE_ASSETS = ['htmx.js', 'htmx-sse.js', 'app.js', 'figtree.woff2', 'icon.svg'] as const;

function bundle(entry: string, define: Record<string, string> = {}): Buffer {
  const { outputFiles } = buildSync({
    entryPoints: [join(ROOT, 'src/client', entry)],
    bundle: true,
    define,
    write: false,
    minify: true,
    format: 'iife',
    target: ['chrome111', 'firefox114', 'safari16.4'],
    legalComments: 'none',
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`nothing came out of ${entry}`);
  return Buffer.from(file.contents);
}

function styleSheet(): string {
  const folder = mkdtempSync(join(tmpdir(), 'deye-hard-css-'));
  const out = join(folder, 'app.css');
  try {
    const cli = inPackage('@tailwindcss/cli', 'dist/index.mjs');
    execFileSync(process.execPath, [cli, '-i', join(ROOT, 'src/web/styles/app.css'), '-o', out, '--minify'], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return readFileSync(out, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For installing, loaded behind, or for one page alone. */
const NOT_BY_PAGES: ReadonlySet<string> = new Set(['manifest.webmanifest', 'worker.js', 'redoc.js']);

/** What a first visit waits for. */
export function isLoadedByPages(name: AssetName): boolean {
  return !name.startsWith('icon') && !NOT_BY_PAGES.has(name);
}

function webManifest(url: (name: AssetName) => string): object {
  return {
    name: 'Deye Hard',
    short_name: 'Deye Hard',
    id: '/',
    start_url: '/',
    display: 'standalone',
    background_color: '#0d0f14',
    theme_color: '#0d0f14',
    icons: [
      { src: url('icon-192.png'), type: 'image/png', sizes: '192x192', purpose: 'any' },
      { src: url('icon-512.png'), type: 'image/png', sizes: '512x512', purpose: 'any' },
      { src: url('icon.svg'), type: 'image/svg+xml', sizes: 'any', purpose: 'any' },
      { src: url('icon-maskable.svg'), type: 'image/svg+xml', sizes: 'any', purpose: 'maskable' },
    ],
  };
}

function write(outDir: string, name: AssetName, content: Buffer): BuiltAsset {
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 10);
  const extension = extname(name);
  const file = `${name.slice(0, -extension.length)}.${hash}${extension}`;
  writeFileSync(join(outDir, file), content);
  // These are compressed already.
  if (extension === '.woff2' || extension === '.png')
    return { file, bytes: content.length, brotliBytes: content.length };
  const quality = content.length > LARGE_BYTES ? 9 : 11;
  const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
  writeFileSync(join(outDir, `${file}.br`), brotli);
  writeFileSync(join(outDir, `${file}.gz`), gzipSync(content, { level: 9 }));
  return { file, bytes: content.length, brotliBytes: brotli.length };
}

/** A file of an installed package, also where the package does not export it. */
function inPackage(name: string, path: string): string {
  return join(dirname(require.resolve(`${name}/package.json`)), path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let total = 0;
  for (const [name, { bytes, brotliBytes }] of buildAssets()) {
    if (isLoadedByPages(name)) total += brotliBytes;
    console.log(`${name.padEnd(22)} ${String(bytes).padStart(7)} bytes, ${String(brotliBytes).padStart(6)} compressed`);
  }
  console.log(`a page loads ${total} bytes besides its own HTML`);
}
