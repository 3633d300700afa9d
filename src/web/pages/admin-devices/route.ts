import { z } from 'zod';
import { ListQuery } from '../../admin/list-query.ts';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import { definePage } from '../../define-page.ts';
import { type DevicesData, DevicesPage, SHOWN } from './page.tsx';

/** All inverters, or all gateways, whosever they are. */
export const adminDevices = definePage<'admin', Record<string, never>, DevicesData['query'], DevicesData>({
  name: 'admin-devices',
  path: ADMIN_PATHS.devices,
  access: 'admin',
  query: ListQuery.extend({ show: z.enum(SHOWN).default('inverters') }),
  async load({ services, user, query }) {
    const wanted = { search: query.q, from: query.from };
    const isInverters = query.show === 'inverters';
    return {
      query,
      inverters: isInverters ? await services.admin.inverters(user, wanted) : null,
      gateways: isInverters ? null : await services.admin.gateways(user, wanted),
    };
  },
  view: (data, frame) => ({ title: frame.language.t.admin.nav.devices, body: DevicesPage(data, frame) }),
});
