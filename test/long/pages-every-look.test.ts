import { afterAll, beforeAll, describe, it } from 'vitest';
import { browserOrSkip } from '../support/chromium.ts';
import { ADMIN_SCENES } from '../support/fake-admin-scenes.ts';
import { SCENES } from '../support/fake-scenes.ts';
import { type Look, type Onlooker, startLooking } from '../support/look.ts';

/** Every page in every state × phone and desk × light and dark × German and English, and as narrow as 200 % zoom makes a phone. */
const canBrowse = browserOrSkip();
const SIZES = [
  { width: 320, height: 640 },
  { width: 360, height: 740 },
  { width: 1280, height: 900 },
];
const LOOKS: Look[] = SIZES.flatMap((size) =>
  (['light', 'dark'] as const).flatMap((colorScheme) =>
    (['de', 'en'] as const).map((locale) => ({ ...size, colorScheme, locale })),
  ),
);

let onlooker: Onlooker;
beforeAll(async () => {
  if (canBrowse) onlooker = await startLooking();
});
afterAll(async () => {
  if (canBrowse) await onlooker.close();
});

describe.skipIf(!canBrowse)('every page in every look', () => {
  it.each([...SCENES, ...ADMIN_SCENES].map((scene) => [scene.name, scene] as const))('%s', async (_, scene) => {
    await onlooker.lookAt(scene, LOOKS);
  });
});
