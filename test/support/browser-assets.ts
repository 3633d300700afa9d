import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltAsset, buildAssets } from '../../scripts/build-assets.ts';
import { type AssetName, type Assets, loadAssets } from '../../src/web/assets.ts';

/** The assets of these sources, built aside, so that a test never looks at yesterday's. */
export function freshAssets(): { assets: Assets; built: Map<AssetName, BuiltAsset>; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'deye-hard-public-'));
  const built = buildAssets(directory);
  return { assets: loadAssets(directory), built, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
