import { addDays, localDate } from '../../../domain/period.ts';
import { definePage } from '../../define-page.ts';
import { IdParams } from '../../input.ts';
import type { ExportData } from './data.ts';
import { ExportPage } from './page.tsx';

/** A form for the API's export: the file comes from there. */
export const exportPage = definePage<'member', { id: number }, Record<string, never>, ExportData>({
  name: 'export',
  path: '/export/:id',
  access: 'member',
  nav: 'overview',
  params: IdParams,
  async load({ services, user, params, now }) {
    const inverter = await services.inverters.current(user.id, params.id, now);
    const through = localDate(now, inverter.timeZone);
    return { inverter, from: addDays(through, -7), through };
  },
  view: (data, frame) => ({
    title: `${frame.language.t.exporting.title} · ${data.inverter.name}`,
    body: ExportPage(data, frame),
  }),
});
