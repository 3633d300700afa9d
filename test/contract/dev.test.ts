import { expect, it } from 'vitest';
import { concernsBrowsers } from '../../scripts/dev.ts';

it.each([
  ['web/styles/chart.css', true],
  ['client/app.client.ts', true],
  ['web/pages/overview/page.tsx', true],
  ['web/charts/energy.ts', true],
  ['web/icons/icon.svg', true],
  ['web/form.test.ts', false],
  ['store/samples.ts', false],
  ['i18n/de.ts', false],
])('a change of src/%s builds what browsers load: %s', (path, builds) => {
  expect(concernsBrowsers(path)).toBe(builds);
});
