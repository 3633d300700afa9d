import { z } from 'zod';
import { definePage } from '../../define-page.ts';
import { IdParams } from '../../input.ts';
import { Redirect } from '../../page-definition.ts';
import { type DeleteData, DeletePage } from './page.tsx';

const Confirmation = z.object({ confirm: z.literal('yes') });

/** Says what will be lost before anything is. */
export const inverterDelete = definePage<'member', { id: number }, Record<string, never>, DeleteData>({
  name: 'inverter-delete',
  path: '/inverters/:id/delete',
  access: 'member',
  nav: 'inverters',
  params: IdParams,
  load: async ({ services, user, params, now }) => ({
    inverter: await services.inverters.current(user.id, params.id, now),
  }),
  view: (data, frame) => ({
    title: frame.language.t.remove.title(data.inverter.name),
    body: DeletePage(data, frame),
  }),
  actions: [
    {
      explain: (t) => t.remove.confirmMissing,
      async run({ form, services, user, params, now, client }) {
        form(Confirmation);
        await services.inverters.remove(user.id, params.id, now, client);
        return new Redirect('/inverters?done=removed');
      },
    },
  ],
});
