import type { PeriodChoice } from '../../../domain/shown-period.ts';
import { disbelievedToday, inverterSource } from '../../chart-sources.ts';
import { definePage } from '../../define-page.ts';
import { IdParams } from '../../input.ts';
import { isPushedChoice, readPeriodCharts } from '../../period-charts.ts';
import { PeriodQuery } from '../../period-query.ts';
import { type DashboardData, dashboardShape } from './data.ts';
import { dashboardFragments } from './live.tsx';
import { DashboardPage } from './page.tsx';

/** One inverter: its four statistics, its power and energy in any period, its inputs, what it is. */
export const dashboard = definePage<'member', { id: number }, PeriodChoice, DashboardData>({
  name: 'dashboard',
  path: '/dashboard/:id',
  access: 'member',
  nav: 'overview',
  params: IdParams,
  query: PeriodQuery,
  async load({ services, user, params, query, now, isUpdate }) {
    const inverter = await services.inverters.current(user.id, params.id, now);
    const logger = inverter.kind === 'solarman' ? await services.loggers.details(user.id, params.id, now) : null;
    const { timeZone } = inverter;
    const disbelieved = await disbelievedToday(services, user.id, [inverter], { now, timeZone });
    if (isUpdate && !isPushedChoice(query)) return { inverter, logger, disbelieved, charts: null };
    const source = inverterSource(services, user.id, inverter);
    const sources = { whole: source, layers: [source] };
    return {
      inverter,
      logger,
      disbelieved,
      charts: await readPeriodCharts({ sources, inverters: [inverter], choice: query, timeZone, now }),
    };
  },
  view: (data, frame) => ({ title: data.inverter.name, body: DashboardPage(data, frame) }),
  live: {
    fragments: dashboardFragments,
    shape: dashboardShape,
    concerns: (event, { id }) => event.inverterId === id,
  },
});
