import { z } from 'zod';
import { explainAdd } from '../../components/add-form.tsx';
import { definePage } from '../../define-page.ts';
import { BeginGuide } from '../../guide/begin.tsx';
import { GUIDE_KINDS, type GuideKind, isGuideKind } from '../../guide/kinds.ts';
import { NewInverterForm } from '../../guide/new-inverter.ts';
import { Redirect } from '../../page-definition.ts';

interface GuideQuery {
  kind: GuideKind | null;
}

interface GuideData {
  kind: GuideKind | null;
}

const Query = z.object({ kind: z.enum(GUIDE_KINDS).nullable().default(null) });

/** The set-up guide until the inverter is registered. */
export const guide = definePage<'member', Record<string, never>, GuideQuery, GuideData>({
  name: 'guide',
  path: '/inverters/new',
  access: 'member',
  nav: 'guide',
  query: Query,
  load: async ({ query }) => ({ kind: query.kind }),
  view({ kind }, frame) {
    const posted = frame.form?.values['kind'];
    const chosen = isGuideKind(posted) ? posted : kind;
    return { title: frame.language.t.guide.title, body: BeginGuide({ frame, kind: chosen, isWelcome: false }) };
  },
  actions: [
    {
      explain: explainAdd,
      async run({ form, services, user, now }) {
        const { id } = await services.inverters.add(user, form(NewInverterForm), now);
        return new Redirect(`/inverters/${id}/setup`);
      },
    },
  ],
});
