import { z } from 'zod';
import type { PeriodChoice } from '../../../domain/shown-period.ts';
import type { InverterCurrent, Services } from '../../../services/services.ts';
import { inputSources } from '../../chart-sources.ts';
import { definePage } from '../../define-page.ts';
import { IdParams } from '../../input.ts';
import { isPushedChoice, type PeriodInput, readComparison, readEnergyBars } from '../../period-charts.ts';
import { PeriodQuery } from '../../period-query.ts';
import { type Comparison, type DcChannelsData, dcChannelsShape } from './data.ts';
import { dcChannelsFragments } from './live.tsx';
import { LEAST, METRICS, type Metric, metricFor } from './metrics.ts';
import { DcChannelsPage } from './page.tsx';

interface Query {
  choice: PeriodChoice;
  metric: Metric;
}

const DcChannelsQuery = z
  .looseObject({ metric: z.enum(METRICS).default('power').catch('power') })
  .transform((query): Query => ({ metric: query.metric, choice: PeriodQuery.parse(query) }));

/** The inputs of one inverter: a tile each, and all of them side by side over any period. */
export const dcChannels = definePage<'member', { id: number }, Query, DcChannelsData>({
  name: 'dc-channels',
  path: '/dc-channels/:id',
  access: 'member',
  nav: 'overview',
  params: IdParams,
  query: DcChannelsQuery,
  async load({ services, user, params, query: { choice, metric: asked }, now, language, isUpdate }) {
    const inverter = await services.inverters.current(user.id, params.id, now);
    if (inverter.channels.length === 0 || (isUpdate && !isPushedChoice(choice))) return { inverter, comparison: null };
    const metric = metricFor(asked, choice.kind);
    const nameless = (channel: number): string => language.t.dashboard.input(language.fmt.number(channel));
    const comparison = await compared(
      services,
      user.id,
      inverter,
      { choice: { ...choice, compare: false }, now },
      metric,
      nameless,
    );
    return { inverter, comparison };
  },
  view: (data, frame) => ({
    title: `${frame.language.t.dashboard.inputs} · ${data.inverter.name}`,
    body: DcChannelsPage(data, frame),
  }),
  live: {
    fragments: dcChannelsFragments,
    shape: dcChannelsShape,
    concerns: (event, { id }) => event.inverterId === id,
  },
});

async function compared(
  services: Services,
  userId: number,
  inverter: InverterCurrent,
  { choice, now }: Pick<PeriodInput, 'choice' | 'now'>,
  metric: Metric,
  nameless: (channel: number) => string,
): Promise<Comparison> {
  const { timeZone } = inverter;
  const sources = inputSources(services, userId, inverter, metric, nameless);
  const input = { sources, inverters: [inverter], choice, timeZone, now };
  if (metric === 'energy') {
    const { period, energy } = await readEnergyBars(input);
    return { period, metric, curve: null, bars: energy };
  }
  const { period, curve } = await readComparison(input, LEAST[metric]);
  return { period, metric, curve, bars: null };
}
