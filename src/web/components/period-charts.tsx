import type { ComponentChildren, JSX } from 'preact';
import { localDate } from '../../domain/period.ts';
import type { PeriodKind } from '../../domain/shown-period.ts';
import type { Language } from '../../i18n/locale.ts';
import type { Bar } from '../charts/bars.ts';
import type { Before } from '../period-before.ts';
import { isPushedChoice, type PeriodCharts } from '../period-charts.ts';
import { periodQuery } from '../period-query.ts';
import { useView } from '../view.ts';
import { BarChart } from './bar-chart.tsx';
import { CurveChart } from './curve-chart.tsx';
import { LivePart } from './live-region.tsx';
import { periodTitle } from './period-control.tsx';

interface ChartsProps {
  charts: PeriodCharts;
  /** The page they stand on. */
  path: string;
}

/** Power and energy of the chosen period. */
export function PeriodChartPanels({ charts, path }: ChartsProps): JSX.Element {
  const { t } = useView();
  const parts = periodFragments(charts, path);
  return (
    <ChartsRegion charts={charts} path={path}>
      <section class="panel">
        <h2 class="mb-5 font-bold text-lg">{t.chart.power}</h2>
        <LivePart name="power">{parts['power']}</LivePart>
      </section>
      <section class="panel">
        <h2 class="mb-1 font-bold text-lg">{t.chart.energy}</h2>
        <LivePart name="energy">{parts['energy']}</LivePart>
      </section>
    </ChartsRegion>
  );
}

const SLOW_REFRESH_S = 300;

/** What is exchanged when the period changes. Long periods are not pushed with every reading: they are read again now and then. */
export function ChartsRegion({
  charts: { period },
  path,
  more,
  children,
}: {
  charts: Pick<PeriodCharts, 'period'>;
  path: string;
  more?: Record<string, string>;
  children: ComponentChildren;
}): JSX.Element {
  const isSlow = period.isRunning && !isPushedChoice(period.choice);
  const refresh = {
    'hx-get': `${path}?${periodQuery(period.choice, more)}`,
    'hx-trigger': `every ${SLOW_REFRESH_S}s`,
    'hx-select': '#charts',
    'hx-swap': 'outerHTML show:none',
  };
  return (
    <div id="charts" class="flex flex-col gap-3 md:gap-4" data-charts {...(isSlow ? refresh : {})}>
      {children}
    </div>
  );
}

export function periodFragments(charts: PeriodCharts, path: string): Record<string, ComponentChildren> {
  return { power: <Power charts={charts} />, energy: <Energy charts={charts} path={path} /> };
}

function Power({ charts: { power, period, isCurrent } }: { charts: PeriodCharts }): JSX.Element {
  const { t, fmt } = useView();
  const isDay = period.choice.kind === 'day' || period.choice.kind === '1h' || period.choice.kind === '6h';
  return (
    <CurveChart
      id="power"
      label={t.chart.power}
      curve={power}
      timeZone={period.timeZone}
      isCurrent={isPushedChoice(period.choice) ? isCurrent : null}
      format={(watts) => fmt.power(watts)}
      unit="W"
      isLong={!isDay}
    />
  );
}

function Energy({ charts, path }: ChartsProps): JSX.Element {
  const { t } = useView();
  const { period, energy } = charts;
  const into = INTO[period.choice.kind];
  const { compare } = period.choice;
  const href = (bar: Bar): string | null =>
    into === undefined
      ? null
      : `${path}?${periodQuery({ kind: into, date: localDate(bar.from, period.timeZone), until: null, compare })}`;
  return (
    <>
      <Totals charts={charts} />
      <BarChart
        id="energy"
        label={t.chart.energy}
        bars={energy}
        timeZone={period.timeZone}
        before={charts.before !== null && isPartOf(charts.before) ? t.chart.beforeSoFar : t.chart.before}
        href={into === undefined ? undefined : href}
      />
    </>
  );
}

/** What opens where a bar is touched. */
const INTO: Partial<Record<PeriodKind, PeriodKind>> = {
  '7d': 'day',
  '30d': 'day',
  week: 'day',
  month: 'day',
  year: 'month',
  total: 'year',
};

/** The sum of the bars in words, and how it stands to the period before. */
function Totals({ charts: { period, totalWh, before } }: { charts: PeriodCharts }): JSX.Element | null {
  const { t, fmt, now } = useView();
  if (totalWh === null) return null;
  const sum = (period.to > now ? t.chart.soFar : t.chart.total)(fmt.energy(totalWh));
  return (
    <p class="mb-5 text-muted">
      {sum}
      {before === null ? null : `, ${comparison(totalWh, before, { t, fmt })}`}
    </p>
  );
}

/** Names what it is compared with: of a period that is not over, the same part of the one before. */
function comparison(totalWh: number, before: Before, { t, fmt }: Pick<Language, 't' | 'fmt'>): string {
  const { period, until, energyWh, elsewhereWh } = before;
  const isPart = isPartOf(before);
  const stretch = isPart ? fmt.span(period.from, until, period.timeZone) : periodTitle(period, { t, fmt });
  if (energyWh === null) return t.chart.nothingBefore(stretch);
  if (totalWh === energyWh) return t.chart.same(stretch);
  const words =
    totalWh > energyWh ? (isPart ? t.chart.moreSoFar : t.chart.more) : isPart ? t.chart.lessSoFar : t.chart.less;
  const said = words(fmt.energy(Math.abs(totalWh - energyWh)), stretch);
  return elsewhereWh === 0 ? said : `${said}. ${t.chart.elsewhere(fmt.energy(elsewhereWh))}`;
}

/** Whether not all of the period before is compared, for the one that is shown is not over. */
function isPartOf({ period, until }: Pick<Before, 'period' | 'until'>): boolean {
  return until < period.to;
}
