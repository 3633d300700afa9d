import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuiltAsset, buildAssets } from '../../scripts/build-assets.ts';
import { type AssetName, type Assets, loadAssets } from '../../src/web/assets.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEPT = join(ROOT, 'node_modules/.cache/deye-hard-assets');
/** Whatever goes into them. */
const SOURCES = ['src/web', 'src/client', 'src/i18n/age.ts', 'scripts/build-assets.ts', 'package-lock.json'];

/**
 * The assets of these sources, built aside, so that a test never looks at yesterday's: kept under the hash of the sources, for several
 * files and runs need the same ones.
 */
export function freshAssets(): { assets: Assets; built: Map<AssetName, BuiltAsset> } {
  const directory = join(KEPT, hashOfSources());
  if (!existsSync(directory)) build(directory);
  const built = JSON.parse(readFileSync(join(directory, 'built.json'), 'utf8')) as [AssetName, BuiltAsset][];
  return { assets: loadAssets(directory), built: new Map(built) };
}

function build(directory: string): void {
  mkdirSync(KEPT, { recursive: true });
  const aside = mkdtempSync(join(KEPT, 'making-'));
  writeFileSync(join(aside, 'built.json'), JSON.stringify([...buildAssets(aside)]));
  try {
    renameSync(aside, directory);
  } catch (error) {
    // Another test of this run was quicker; its are the same.
    if (!existsSync(directory)) throw error;
    rmSync(aside, { recursive: true });
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const path = join(ROOT, source);
    const files = source.includes('.') ? [''] : readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
    for (const file of files) {
      const whole = join(path, file);
      if (/\.\w+$/.test(whole)) hash.update(`${source}/${file}\n`).update(readFileSync(whole));
    }
  }
  return hash.digest('base64url').slice(0, 16);
}
