import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where the build puts what browsers load: the same place seen from `src/web` and from `dist/web`. */
export const PUBLIC_DIR = fileURLToPath(new URL('../../dist/public/', import.meta.url));
export const ASSET_PREFIX = '/assets/';
export const MANIFEST_FILE = 'assets.json';

export type AssetName =
  | 'app.css'
  | 'theme.js'
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

export interface Assets {
  /** The folder to serve; null when nothing was built. */
  readonly directory: string | null;
  /** The address of an asset, with its content's hash in it. */
  url(name: AssetName): string;
}

/**
 * The built assets. Without a build the server still runs, for API and devices need none: pages then have no style, and
 * `directory` is null, which the web plugin says in the log.
 */
export function loadAssets(directory: string = PUBLIC_DIR): Assets {
  const manifest = `${directory.replace(/\/?$/, '/')}${MANIFEST_FILE}`;
  if (!existsSync(manifest)) return { directory: null, url: (name) => `${ASSET_PREFIX}${name}` };
  const files = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, string>;
  return {
    directory,
    url(name) {
      const file = files[name];
      if (file === undefined) throw new Error(`${name} is not among the built assets: run "npm run build" again`);
      return `${ASSET_PREFIX}${file}`;
    },
  };
}
