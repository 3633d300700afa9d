import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InlineHashes } from '../http/security-headers.ts';

/** Where the build puts what browsers load: the same place seen from `src/web` and from `dist/web`. */
export const PUBLIC_DIR = fileURLToPath(new URL('../../dist/public/', import.meta.url));
export const ASSET_PREFIX = '/assets/';
export const MANIFEST_FILE = 'assets.json';

export type AssetName =
  | 'htmx.js'
  | 'htmx-sse.js'
  | 'app.js'
  | 'redoc.js'
  | 'icon.svg'
  | 'icon-maskable.svg'
  | 'icon-180.png'
  | 'icon-192.png'
  | 'icon-512.png'
  | 'worker.js'
  | 'figtree.woff2'
  | 'manifest.webmanifest';

/** What stands in every page itself, so that the first thing seen waits for one answer and not for a second one. */
export interface InlineAssets {
  style: string;
  /** Chooses the theme before anything is drawn. */
  script: string;
}

export const INLINE_FILES = { style: 'inline.css', script: 'inline.js' } as const;

export interface Assets {
  /** The folder to serve; null when nothing was built. */
  readonly directory: string | null;
  /** Null when nothing was built. */
  readonly inline: InlineAssets | null;
  /** The address of an asset, with its content's hash in it. */
  url(name: AssetName): string;
}

/**
 * The built assets. Without a build the server still runs, for API and devices need none: pages then have no style, and
 * `directory` is null, which the web plugin says in the log.
 */
export function loadAssets(directory: string = PUBLIC_DIR): Assets {
  const manifest = join(directory, MANIFEST_FILE);
  if (!existsSync(manifest)) return { directory: null, inline: null, url: (name) => `${ASSET_PREFIX}${name}` };
  const files = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, string>;
  const text = (file: string): string => readFileSync(join(directory, file), 'utf8');
  return {
    directory,
    inline: { style: text(INLINE_FILES.style), script: text(INLINE_FILES.script) },
    url(name) {
      const file = files[name];
      if (file === undefined) throw new Error(`${name} is not among the built assets: run "npm run build" again`);
      return `${ASSET_PREFIX}${file}`;
    },
  };
}

/** By these the policy of every page lets in exactly what stands in it and nothing that somebody else may have put there. */
export function inlineHashes({ inline }: Assets): InlineHashes {
  if (inline === null) return { style: null, script: null };
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return { style: hash(inline.style), script: hash(inline.script) };
}
