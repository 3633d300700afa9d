import { z } from 'zod';
import { DEVICE_KINDS } from '../../../domain/inverter.ts';
import { explainAdd } from '../../components/add-form.tsx';
import { definePage } from '../../define-page.ts';
import { NewInverterForm } from '../../guide/new-inverter.ts';
import { IdParams, requiredText } from '../../input.ts';
import { Redirect } from '../../page-definition.ts';
import type { InvertersData } from './data.ts';
import { AUTO_ADD, CLAIM } from './inbox.tsx';
import { inverterFragments, invertersShape } from './live.tsx';
import { InvertersPage } from './page.tsx';

type Params = { id?: number | undefined };

const ClaimForm = z.object({ kind: z.enum(DEVICE_KINDS), serial: requiredText, name: requiredText });
const AutoAddForm = z.object({ on: z.enum(['yes', 'no']) });
const RenameForm = z.object({ name: requiredText });

/** All inverters of the account: add, rename, and the way to delete. */
export const inverters = definePage<'member', Params, { done: InvertersData['done'] }, InvertersData>({
  name: 'inverters',
  path: '/inverters',
  access: 'member',
  nav: 'inverters',
  // The id is there only where one of them is renamed.
  params: IdParams.partial(),
  query: z.object({ done: z.enum(['renamed', 'removed', 'added']).nullable().default(null) }),
  load: async ({ services, user, now, query }) => ({
    inverters: await services.inverters.list(user.id, now),
    done: query.done,
    pending: await services.inbox.list(user.id),
    autoAdds: await services.inbox.autoAdd(user.id),
  }),
  view: (data, frame) => ({ title: frame.language.t.inverters.title, body: InvertersPage(data, frame) }),
  live: {
    fragments: inverterFragments,
    shape: invertersShape,
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
      path: CLAIM,
      explain: explainAdd,
      async run({ form, services, user, now }) {
        await services.inbox.claim(user, form(ClaimForm), now);
        return new Redirect('/inverters?done=added');
      },
    },
    {
      path: AUTO_ADD,
      async run({ form, services, user }) {
        await services.inbox.setAutoAdd(user.id, form(AutoAddForm).on === 'yes');
        return new Redirect('/inverters#auto-add');
      },
    },
    {
      path: '/inverters/:id/rename',
      explain: (t) => t.inverters.errors.name,
      async run({ form, services, user, params }) {
        await services.inverters.update(user.id, params.id ?? 0, { name: form(RenameForm).name });
        return new Redirect('/inverters?done=renamed');
      },
    },
  ],
});
