import { NotFound } from '../../../domain/errors.ts';
import { definePage } from '../../define-page.ts';
import { IdParams } from '../../input.ts';
import { Redirect } from '../../page-definition.ts';
import { type ReleaseData, ReleasePage } from './page.tsx';

/** Asks before a logger is given up: whoever proves next that it is theirs gets it. */
export const loggerRelease = definePage<'member', { id: number }, Record<string, never>, ReleaseData>({
  name: 'logger-release',
  path: '/inverters/:id/release',
  access: 'member',
  nav: 'inverters',
  params: IdParams,
  async load({ services, user, params, now }) {
    const inverter = await services.inverters.current(user.id, params.id, now);
    if (inverter.kind !== 'solarman') throw new NotFound(`Inverter ${params.id} has no logger of its own.`);
    return { inverter };
  },
  view: (data, frame) => ({
    title: frame.language.t.release.title(data.inverter.name),
    body: ReleasePage(data, frame),
  }),
  actions: [
    {
      async run({ services, user, params, now }) {
        await services.loggers.release(user.id, params.id, now);
        return new Redirect(`/inverters/${params.id}/setup`);
      },
    },
  ],
});
