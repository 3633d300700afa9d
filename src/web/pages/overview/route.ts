import { accountSources, disbelievedToday } from '../../chart-sources.ts';
import { definePage } from '../../define-page.ts';
import { readEnergyBars, readPowerCurve } from '../../period-charts.ts';
import type { OverviewData } from './data.ts';
import { overviewFragments } from './live.tsx';
import { OverviewPage } from './page.tsx';

const NOW = { date: null, until: null, compare: false };

export const overview = definePage<'member', Record<string, never>, Record<string, never>, OverviewData>({
  name: 'overview',
  path: '/',
  access: 'member',
  nav: 'overview',
  async load({ services, user, now, language }) {
    const inverters = await services.inverters.list(user.id, now);
    const timeZone = inverters[0]?.timeZone ?? 'UTC';
    if (inverters.length === 0) return { inverters, curve: null, month: null, disbelieved: 0, timeZone };
    const sources = accountSources(services, user.id, inverters, language.t.chart.others);
    const input = { sources, inverters, timeZone, now };
    const { curve } = await readPowerCurve({ ...input, choice: { ...NOW, kind: 'day' } });
    // Of all together: who gave what is told by the pages behind.
    const whole = { whole: sources.whole, layers: [sources.whole] };
    const { energy, totalWh } = await readEnergyBars({ ...input, sources: whole, choice: { ...NOW, kind: '30d' } });
    const disbelieved = await disbelievedToday(services, user.id, inverters, { now, timeZone });
    return { inverters, curve, month: { bars: energy, totalWh }, disbelieved, timeZone };
  },
  view: (data, frame) => ({ title: frame.language.t.overview.title, body: OverviewPage(data, frame) }),
  live: {
    fragments: overviewFragments,
    shape: ({ inverters }) => (inverters.length === 0 ? 'empty' : 'filled'),
  },
});
