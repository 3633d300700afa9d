import { todaysCurve } from '../../day-power.ts';
import { definePage } from '../../define-page.ts';
import { IdParams } from '../../input.ts';
import type { DashboardData } from './data.ts';
import { dashboardFragments } from './live.tsx';
import { DashboardPage } from './page.tsx';

/** One inverter: its four statistics, its day, its inputs, what it is. */
export const dashboard = definePage<'member', { id: number }, Record<string, never>, DashboardData>({
  name: 'dashboard',
  path: '/dashboard/:id',
  access: 'member',
  nav: 'overview',
  params: IdParams,
  async load({ services, user, params, now }) {
    const inverter = await services.inverters.current(user.id, params.id, now);
    return { inverter, curve: await todaysCurve(services, user.id, [inverter], inverter.timeZone, now) };
  },
  view: (data, frame) => ({ title: data.inverter.name, body: DashboardPage(data, frame) }),
  live: {
    fragments: dashboardFragments,
    concerns: (event, { id }) => event.inverterId === id,
  },
});
