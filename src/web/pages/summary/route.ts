import { dayBounds, localDate } from '../../../domain/period.ts';
import type { PeriodChoice } from '../../../domain/shown-period.ts';
import { summaryOf } from '../../../services/account-summary.ts';
import { accountSources, disbelievedToday } from '../../chart-sources.ts';
import { definePage } from '../../define-page.ts';
import { Redirect } from '../../page-definition.ts';
import { SUMMARY_PATH } from '../../paths.ts';
import { isPushedChoice, readPeriodCharts } from '../../period-charts.ts';
import { PeriodQuery } from '../../period-query.ts';
import { type SummaryData, summaryShape } from './data.ts';
import { summaryFragments } from './live.tsx';
import { SummaryPage } from './page.tsx';

const HOUR_MS = 3_600_000;

/** What is delivered at this moment belongs to today, and is often more than the mean of any five minutes. */
function highestKnown(watts: readonly (number | null)[]): number | null {
  return watts.reduce((max, value) => (value === null ? max : Math.max(max ?? 0, value)), null);
}

/** All inverters of the account together. */
export const summary = definePage<'member', Record<string, never>, PeriodChoice, SummaryData>({
  name: 'summary',
  path: SUMMARY_PATH,
  access: 'member',
  nav: 'overview',
  query: PeriodQuery,
  async load({ services, user, query, now, language, isUpdate }) {
    const inverters = await services.inverters.list(user.id, now);
    const [first] = inverters;
    if (first === undefined) return new Redirect('/');
    const { timeZone } = first;
    const sources = accountSources(services, user.id, inverters, language.t.chart.others);
    const today = await sources.whole.curve({ ...dayBounds(localDate(now, timeZone), timeZone), bucket: '5m' });
    const lastHour = today.filter(({ time }) => time.getTime() > now.getTime() - HOUR_MS);
    const figures = {
      inverters,
      timeZone,
      disbelieved: await disbelievedToday(services, user.id, inverters, { now, timeZone }),
      maxPowerTodayW: highestKnown([...today.map(({ max }) => max), summaryOf(inverters).powerW]),
      avgPowerLastHourW:
        lastHour.length === 0
          ? null
          : Math.round((lastHour.reduce((sum, { value }) => sum + value, 0) / lastHour.length) * 10) / 10,
    };
    if (isUpdate && !isPushedChoice(query)) return { ...figures, charts: null };
    return { ...figures, charts: await readPeriodCharts({ sources, inverters, choice: query, timeZone, now }) };
  },
  view: (data, frame) => ({
    title: frame.language.t.summary.title(data.inverters.length),
    body: SummaryPage(data, frame),
  }),
  live: { fragments: summaryFragments, shape: summaryShape },
});
