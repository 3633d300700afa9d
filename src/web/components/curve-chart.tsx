import type { JSX } from 'preact';
import type { Curve, CurveRow, Spot } from '../charts/curve.ts';
import { useView } from '../view.ts';
import { ABOVE, DisbelievedMark, Legend, NoData, percent, TimeAxis, ValueAxis } from './chart-parts.tsx';
import { ChartTable, type Column } from './chart-table.tsx';

interface CurveChartProps {
  /** Unique on the page. */
  id: string;
  /** What it shows, for who does not see it. */
  label: string;
  curve: Curve;
  timeZone: string;
  /** Whether the last value is what is now: a full dot; else an empty one. Null: the end of it is no special moment. */
  isCurrent: boolean | null;
  /** A value with its unit. */
  format: (value: number) => string;
  /** Of the values. */
  unit: string;
  /** Whether its days have to be told apart. */
  isLong: boolean;
}

/**
 * Values over time, drawn on the server. The curve is stretched to any width; words and dots stand in an undistorted drawing over it,
 * placed by percentages.
 */
export function CurveChart({
  id,
  label,
  curve,
  timeZone,
  isCurrent,
  format,
  unit,
  isLong,
}: CurveChartProps): JSX.Element {
  const { t, fmt } = useView();
  const { peak, last } = curve;
  if (last === null && curve.layers.every(({ segments }) => segments.length === 0)) return <NoData />;
  const moment = (at: Date): string => fmt.moment(at, timeZone, isLong ? 'dayTime' : 'time');
  const maximum =
    peak === null ? '' : (isLong ? t.chart.maximumOn : t.chart.maximum)(format(peak.value), moment(peak.at));
  const gaps = curve.gaps.length === 0 ? '' : t.chart.gaps(curve.gaps.length);
  const doubted = curve.marks.reduce((sum, { count }) => sum + count, 0);
  const doubts = doubted === 0 ? '' : `${t.chart.disbelievedIn(doubted)}.`;
  return (
    <figure class="chart-figure" data-chart>
      <svg
        class="chart-plot h-52 md:h-72"
        role="img"
        aria-label={[`${label}.`, maximum === '' ? '' : `${maximum}.`, gaps, doubts]
          .filter((part) => part !== '')
          .join(' ')}
      >
        <Patterns id={id} curve={curve} />
        <ValueAxis ticks={curve.yTicks} unit={unit} />
        {curve.gaps.map((gap) => (
          <rect
            key={`${gap.name} ${gap.x}`}
            x={percent(gap.x)}
            width={percent(gap.width)}
            y="0"
            height="100%"
            rx="6"
            fill={`url(#${id}-hatch)`}
          >
            <title>
              {curve.layers.length > 1 ? `${gap.name}: ` : ''}
              {gap.isOpen ? t.chart.since(moment(gap.from)) : t.chart.gap(moment(gap.from), moment(gap.to))}
            </title>
          </rect>
        ))}
        <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" class="overflow-visible" aria-hidden="true">
          {curve.layers.map(({ segments }, layer) => (
            <g key={layer} class={seriesClass(layer)}>
              {curve.hasBand ? <path d={segments.map(({ band }) => band).join('')} class="series-band" /> : null}
              {curve.isStacked ? (
                <path d={segments.map(({ area }) => area).join('')} fill={`url(#${id}-fade-${layer + 1})`} />
              ) : null}
              <path d={segments.map(({ line }) => line).join('')} class="chart-line series-line" />
            </g>
          ))}
          {curve.before === '' ? null : <path d={curve.before} class="chart-before" />}
        </svg>
        {peak === null || last?.at.getTime() === peak.at.getTime() ? null : (
          <circle class="chart-peak-dot" cx={percent(clamped(peak.x))} cy={percent(peak.y)} r="2.5" />
        )}
        {peak === null ? null : (
          <text class="chart-peak" x={percent(clamped(peak.x))} y={percent(peak.y)} dy="-10" text-anchor={anchor(peak)}>
            {format(peak.value)}
          </text>
        )}
        {isCurrent === null || last === null || !curve.isStacked ? null : (
          <circle
            class={isCurrent ? `chart-now series-fill ${seriesClass(curve.layers.length - 1)}` : 'chart-now-old'}
            cx={percent(last.x)}
            cy={percent(last.y)}
            r={isCurrent ? 6.5 : 5}
          />
        )}
        {curve.marks.map(({ x, from, count }) => (
          <DisbelievedMark key={x} x={percent(x)} y={ABOVE} title={t.chart.disbelievedAt(count, moment(from))} />
        ))}
        <line class="chart-cursor" x1="0" x2="0" y1="0" y2="100%" data-chart-cursor />
      </svg>
      <TimeAxis ticks={curve.xTicks} timeZone={timeZone} />
      <Legend
        names={curve.layers.map(({ name }) => name)}
        hasPeak={isLong && curve.isPeakApart}
        before={curve.before === '' ? null : t.chart.before}
        hasDisbelieved={curve.marks.length > 0}
        band={curve.hasBand ? (curve.hasLowest ? t.chart.band : t.chart.bandHighest) : null}
        means={curve.meansOf === null ? null : t.chart.meansOf[curve.meansOf]}
      />
      <ChartTable
        id={`${id}-table`}
        label={label}
        columns={columnsOf(curve, t.chart)}
        rows={curve.rows.map((row) => ({
          x: row.x,
          at: row.at,
          head: moment(row.at),
          cells: cellsOf(row, curve).map((value) => (value === null ? null : format(value))),
          mark: row.disbelieved === 0 ? '' : t.chart.disbelievedIn(row.disbelieved),
        }))}
      />
    </figure>
  );
}

function columnsOf(
  { layers, isStacked, hasBand, hasLowest, before }: Curve,
  words: { mean: string; highest: string; lowest: string; sum: string; before: string },
): Column[] {
  const isOne = layers.length === 1;
  return [
    ...layers.map(({ name }, layer) => ({ name: isOne ? words.mean : name, series: isOne ? null : layer })),
    ...(isStacked && !isOne ? [{ name: words.sum, series: null }] : []),
    ...(hasLowest ? [{ name: words.lowest, series: null }] : []),
    ...(hasBand ? [{ name: words.highest, series: null }] : []),
    ...(before === '' ? [] : [{ name: words.before, series: null }]),
  ];
}

function cellsOf(row: CurveRow, { layers, isStacked, hasBand, hasLowest, before }: Curve): (number | null)[] {
  const isKnown = row.values.some((value) => value !== null);
  return [
    ...row.values,
    ...(isStacked && layers.length > 1 ? [isKnown ? row.total : null] : []),
    ...(hasLowest ? [row.min] : []),
    ...(hasBand ? [row.max] : []),
    ...(before === '' ? [] : [row.before]),
  ];
}

function Patterns({ id, curve: { layers, isStacked } }: { id: string; curve: Curve }): JSX.Element {
  const isOne = layers.length === 1;
  return (
    <defs>
      <pattern id={`${id}-hatch`} width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <line class="chart-hatch" x1="0" y1="0" x2="0" y2="8" />
      </pattern>
      {(isStacked ? layers : []).map((_, layer) => (
        <linearGradient
          key={layer}
          id={`${id}-fade-${layer + 1}`}
          x1="0"
          x2="0"
          y1="0"
          y2="1"
          class={seriesClass(layer)}
        >
          <stop offset="0" class="series-stop" stop-opacity={isOne ? 0.42 : 0.55} />
          <stop offset="1" class="series-stop" stop-opacity={isOne ? 0.04 : 0.35} />
        </linearGradient>
      ))}
    </defs>
  );
}

export function seriesClass(layer: number): string {
  return `series-${(layer % 6) + 1}`;
}

/** Words at the edge turn inwards. */
function anchor({ x }: Spot): 'start' | 'middle' | 'end' {
  return x < 120 ? 'start' : x > 880 ? 'end' : 'middle';
}

function clamped(x: number): number {
  return Math.min(1000, Math.max(0, x));
}
