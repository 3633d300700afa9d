import { z } from 'zod';
import { explainAdd } from '../../components/add-form.tsx';
import { definePage } from '../../define-page.ts';
import { NewInverterForm } from '../../guide/new-inverter.ts';
import { IdParams, requiredText } from '../../input.ts';
import { Redirect } from '../../page-definition.ts';
import type { InvertersData } from './data.ts';
import { inverterFragments } from './live.tsx';
import { InvertersPage } from './page.tsx';

type Params = { id?: number | undefined };

const RenameForm = z.object({ name: requiredText });

/** All inverters of the account: add, rename, and the way to delete. */
export const inverters = definePage<'member', Params, { done: InvertersData['done'] }, InvertersData>({
  name: 'inverters',
  path: '/inverters',
  access: 'member',
  nav: 'inverters',
  // The id is there only where one of them is renamed.
  params: IdParams.partial(),
  query: z.object({ done: z.enum(['renamed', 'removed']).nullable().default(null) }),
  load: async ({ services, user, now, query }) => ({
    inverters: await services.inverters.list(user.id, now),
    done: query.done,
  }),
  view: (data, frame) => ({ title: frame.language.t.inverters.title, body: InvertersPage(data, frame) }),
  live: {
    fragments: inverterFragments,
    // Its rows hold forms, so a row that comes or goes is a new page.
    shape: (data) =>
      data.inverters
        .map(({ id }) => id)
        .join('-')
        .slice(0, 40),
  },
  actions: [
    {
      explain: explainAdd,
      async run({ form, services, user, now }) {
        const { id } = await services.inverters.add(user, form(NewInverterForm), now);
        return new Redirect(`/inverters/${id}/setup`);
      },
    },
    {
      path: '/inverters/:id/rename',
      explain: (t) => t.inverters.errors.name,
      async run({ form, services, user, params }) {
        await services.inverters.rename(user.id, params.id ?? 0, form(RenameForm).name);
        return new Redirect('/inverters?done=renamed');
      },
    },
  ],
});
