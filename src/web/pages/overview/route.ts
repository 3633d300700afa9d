import { todaysCurve } from '../../day-power.ts';
import { definePage } from '../../define-page.ts';
import type { OverviewData } from './data.ts';
import { overviewFragments } from './live.tsx';
import { OverviewPage } from './page.tsx';

export const overview = definePage<'member', Record<string, never>, Record<string, never>, OverviewData>({
  name: 'overview',
  path: '/',
  access: 'member',
  nav: 'overview',
  async load({ services, user, now }) {
    const inverters = await services.inverters.list(user.id, now);
    const timeZone = inverters[0]?.timeZone ?? 'UTC';
    const curve = inverters.length === 0 ? null : await todaysCurve(services, user.id, inverters, timeZone, now);
    return { inverters, curve, timeZone };
  },
  view: (data, frame) => ({ title: frame.language.t.overview.title, body: OverviewPage(data, frame) }),
  live: {
    fragments: overviewFragments,
    shape: ({ inverters }) => (inverters.length === 0 ? 'empty' : 'filled'),
  },
});
