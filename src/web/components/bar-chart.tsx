import type { ComponentChildren, JSX } from 'preact';
import { scaleUnit } from '../charts/axis.ts';
import type { Bar, Bars } from '../charts/bars.ts';
import { useView } from '../view.ts';
import { ABOVE, DisbelievedMark, Legend, NoData, percent, ValueAxis } from './chart-parts.tsx';
import { ChartTable } from './chart-table.tsx';
import { seriesClass } from './curve-chart.tsx';

interface BarChartProps {
  /** Unique on the page. */
  id: string;
  label: string;
  bars: Bars;
  timeZone: string;
  /** What the period before is called. */
  before?: string;
  /** Where a bar leads: into its day, month or year. */
  href?: ((bar: Bar) => string | null) | undefined;
  /** The height of the drawing. */
  size?: 'normal' | 'low';
}

/** Energy by slots of time, each bar the sum of its layers. A slot of which nothing is known is hatched: that is not zero. */
export function BarChart({
  id,
  label,
  bars: chart,
  timeZone,
  before,
  href,
  size = 'normal',
}: BarChartProps): JSX.Element {
  const { t, fmt } = useView();
  const { bars, names, highest, style } = chart;
  if (bars.every(({ totalWh, beforeWh }) => totalWh === null && beforeWh === null)) return <NoData />;
  const words = (bar: Bar): string => fmt.moment(bar.from, timeZone, LONG_STYLE[style]);
  const best = highest?.totalWh == null ? '' : `${t.chart.best(fmt.energy(highest.totalWh), words(highest))}.`;
  const missing = chart.missing === 0 ? '' : t.chart.missing(chart.missing);
  const doubted = bars.reduce((sum, { disbelieved }) => sum + disbelieved, 0);
  const doubts = doubted === 0 ? '' : `${t.chart.disbelievedIn(doubted)}.`;
  // The unit stands at the axis, and is that of the values upon the bars too.
  const scale = scaleUnit(
    chart.yTicks.map(({ energyWh }) => energyWh),
    'Wh',
  );
  const height = size === 'low' ? 'h-36 md:h-44' : 'h-48 md:h-64';
  const hasBefore = bars.some(({ beforeWh }) => beforeWh !== null);
  const beforeName = before ?? t.chart.before;
  return (
    <figure class="chart-figure" data-chart>
      <svg
        class={`chart-plot ${height}`}
        role="img"
        aria-label={[`${label}.`, best, missing, doubts].filter((part) => part !== '').join(' ')}
      >
        <defs>
          <pattern id={`${id}-hatch`} width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <line class="chart-hatch" x1="0" y1="0" x2="0" y2="8" />
          </pattern>
          <pattern id={`${id}-part`} width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <line class="bar-estimated" x1="0" y1="0" x2="0" y2="7" />
          </pattern>
        </defs>
        <ValueAxis ticks={chart.yTicks.map(({ y, energyWh }) => ({ y, value: energyWh }))} unit="Wh" />
        {bars.map((bar) => (
          <BarDrawing key={bar.x} id={id} bar={bar} isOne={names.length === 1} />
        ))}
        {bars.map((bar) =>
          bar.hasValue && bar.totalWh !== null ? (
            <text
              key={bar.x}
              class="chart-peak"
              x={percent(middle(bar))}
              y={percent(topOf(bar))}
              dy="-7"
              text-anchor={middle(bar) < 60 ? 'start' : middle(bar) > 940 ? 'end' : 'middle'}
            >
              {fmt.number(bar.totalWh / scale.divisor, digitsOf(bar.totalWh, scale.divisor))}
            </text>
          ) : null,
        )}
        {bars.map((bar) =>
          bar.disbelieved === 0 ? null : <DisbelievedMark key={bar.x} x={percent(middle(bar))} y={ABOVE} />,
        )}
        <line class="chart-cursor" x1="0" x2="0" y1="0" y2="100%" data-chart-cursor />
      </svg>
      {href === undefined ? null : <Ways bars={bars} href={href} height={height} />}
      <svg class="chart-plot h-6" aria-hidden="true">
        {bars.map((bar) =>
          bar.label === 'never' ? null : (
            <text
              key={bar.x}
              class={`chart-label ${bar.label === 'wide' ? 'hidden md:inline' : ''}`}
              x={percent(middle(bar))}
              y="20"
              text-anchor="middle"
            >
              {fmt.moment(bar.from, timeZone, style)}
            </text>
          ),
        )}
      </svg>
      <Legend
        names={names}
        before={hasBefore ? beforeName : null}
        hasEstimates={chart.hasEstimates}
        hasDisbelieved={chart.hasDisbelieved}
      />
      <ChartTable
        id={`${id}-table`}
        label={label}
        columns={[
          ...(names.length > 1 ? names.map((name, series) => ({ name, series })) : []),
          { name: t.chart.sum, series: null },
          ...(hasBefore ? [{ name: beforeName, series: null }] : []),
        ]}
        rows={bars
          .filter((bar) => bar.totalWh !== null || bar.beforeWh !== null || bar.isMissing || bar.disbelieved > 0)
          .map((bar) => ({
            x: middle(bar),
            at: bar.from,
            head: headOf(words(bar), href?.(bar) ?? null),
            cells: [...(names.length > 1 ? bar.valuesWh : []), bar.totalWh, ...(hasBefore ? [bar.beforeWh] : [])].map(
              (wh) => (wh === null ? null : fmt.energy(wh)),
            ),
            mark: [
              bar.estimated ? t.chart.estimated : bar.isMissing ? t.chart.noData : '',
              bar.disbelieved === 0 ? '' : t.chart.disbelievedIn(bar.disbelieved),
            ]
              .filter((part) => part !== '')
              .join(', '),
          }))}
      />
    </figure>
  );
}

const LONG_STYLE = { time: 'time', weekday: 'fullDay', date: 'fullDay', month: 'fullMonth', year: 'year' } as const;

function headOf(words: string, to: string | null): ComponentChildren {
  if (to === null) return words;
  return (
    <a href={to} class="link">
      {words}
    </a>
  );
}

function BarDrawing({ id, bar, isOne }: { id: string; bar: Bar; isOne: boolean }): JSX.Element {
  const left = percent(bar.x + bar.width * 0.14);
  const width = percent(bar.width * 0.72);
  return (
    <g>
      {bar.isMissing ? <rect x={left} width={width} y="0" height="100%" rx="4" fill={`url(#${id}-hatch)`} /> : null}
      {bar.parts.map(({ layer, y, height, estimatedHeight }) => (
        <g key={layer} class={seriesClass(layer)}>
          <rect class="series-fill" x={left} width={width} y={percent(y)} height={percent(height)} rx={isOne ? 3 : 1} />
          {estimatedHeight > 0 ? (
            <rect x={left} width={width} y={percent(y)} height={percent(estimatedHeight)} fill={`url(#${id}-part)`} />
          ) : null}
        </g>
      ))}
      {bar.beforeY === null ? null : (
        <line
          class="bar-before"
          x1={percent(bar.x + bar.width * 0.04)}
          x2={percent(bar.x + bar.width * 0.96)}
          y1={percent(bar.beforeY)}
          y2={percent(bar.beforeY)}
        />
      )}
    </g>
  );
}

/** Over the bars, for pointers only: by keyboard the same ways are in the table. */
function Ways({
  bars,
  href,
  height,
}: {
  bars: readonly Bar[];
  href: (bar: Bar) => string | null;
  height: string;
}): JSX.Element {
  return (
    <svg class={`chart-plot absolute top-0 right-0 ${height}`} aria-hidden="true">
      {bars.map((bar) => {
        const to = bar.totalWh === null ? null : href(bar);
        return to === null ? null : (
          <a key={bar.x} href={to} tabindex={-1}>
            <rect class="bar-slot" x={percent(bar.x)} width={percent(bar.width)} y="0" height="100%" />
          </a>
        );
      })}
    </svg>
  );
}

function digitsOf(wh: number, divisor: number): number {
  const shown = wh / divisor;
  return divisor === 1 || shown >= 1000 ? 0 : shown >= 100 ? 1 : 2;
}

function middle({ x, width }: Bar): number {
  return x + width / 2;
}

function topOf({ parts }: Bar): number {
  return parts.at(-1)?.y ?? 1000;
}
