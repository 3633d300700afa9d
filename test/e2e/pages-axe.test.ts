import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLoadedByPages } from '../../scripts/build-assets.ts';
import { browserOrSkip } from '../support/chromium.ts';
import { SCENES } from '../support/fake-scenes.ts';
import { type Onlooker, startLooking } from '../support/look.ts';

/**
 * Every page in the first of its states and every third of the others, on a phone or on a desk by turns; all of them in every look are
 * seen by the long tests.
 */
const canBrowse = browserOrSkip();
const LOOKS = [
  { width: 360, height: 740, colorScheme: 'light', locale: 'de' },
  { width: 1280, height: 900, colorScheme: 'dark', locale: 'en' },
] as const;

const pageOf = (path: string): string => path.replace(/\?.*/, '').replace(/\d+/, '');
const CHOSEN = SCENES.filter(
  (scene, i) => i % 3 === 0 || SCENES.findIndex((other) => pageOf(other.path) === pageOf(scene.path)) === i,
);

let onlooker: Onlooker;
beforeAll(async () => {
  if (canBrowse) onlooker = await startLooking();
});
afterAll(async () => {
  if (canBrowse) await onlooker.close();
});

describe.skipIf(!canBrowse)('every page, in a browser', () => {
  it.each(CHOSEN.map((scene, index) => [scene.name, scene, LOOKS[index % 2]] as const))(
    '%s',
    async (_, scene, look) => {
      await onlooker.lookAt(scene, look === undefined ? [] : [look]);
    },
  );

  it('a page loads less than 120 KB, with its charts', () => {
    const sizes = [...onlooker.built].filter(([name]) => isLoadedByPages(name));
    expect(sizes.reduce((sum, [, { brotliBytes }]) => sum + brotliBytes, 0)).toBeLessThan(100_000);
  });
});
