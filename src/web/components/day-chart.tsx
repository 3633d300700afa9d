import type { JSX } from 'preact';
import type { DayCurve, Spot } from '../charts/day-curve.ts';
import { useView } from '../view.ts';

interface DayChartProps {
  /** Unique on the page. */
  id: string;
  curve: DayCurve;
  timeZone: string;
  /** Whether the last value is what is now: a full dot; else an empty one. */
  isCurrent: boolean;
}

/**
 * A day of power, drawn on the server. The curve is stretched to any width; words and dots stand in an undistorted drawing over it,
 * placed by percentages.
 */
export function DayChart({ id, curve, timeZone, isCurrent }: DayChartProps): JSX.Element {
  const { t, fmt } = useView();
  const { peak, last } = curve;
  if (last === null) {
    return (
      <p class="flex h-40 items-center justify-center rounded-field bg-base-200 px-4 text-center text-muted">
        {t.chart.none}
      </p>
    );
  }
  const maximum =
    peak === null
      ? t.chart.maximum(fmt.power(0), fmt.time(last.at, timeZone))
      : t.chart.maximum(fmt.power(peak.powerW), fmt.time(peak.at, timeZone));
  return (
    <figure>
      <svg
        class="h-52 w-full overflow-visible md:h-72"
        role="img"
        aria-label={t.chart.label(maximum, curve.gaps.length)}
      >
        <Patterns id={id} layers={curve.layers.length} />
        {curve.yTicks.map(({ y }) => (
          <line key={y} class="chart-grid" x1="0" x2="100%" y1={percent(y)} y2={percent(y)} />
        ))}
        <line class="chart-grid" x1="0" x2="100%" y1="100%" y2="100%" />
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
              {gap.isOpen
                ? t.chart.since(fmt.time(gap.from, timeZone))
                : t.chart.gap(fmt.time(gap.from, timeZone), fmt.time(gap.to, timeZone))}
            </title>
          </rect>
        ))}
        <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" class="overflow-visible" aria-hidden="true">
          {curve.layers.map(({ segments }, layer) => (
            <g key={layer} class={`series-${layer + 1}`}>
              <path d={segments.map(({ area }) => area).join('')} fill={`url(#${id}-fade-${layer + 1})`} />
              <path d={segments.map(({ line }) => line).join('')} class="chart-line series-line" />
            </g>
          ))}
        </svg>
        {curve.yTicks.map(({ y, powerW }) => (
          <text key={y} class="chart-label" x="2" y={percent(y)} dy="14">
            {fmt.power(powerW)}
          </text>
        ))}
        {peak === null ? null : (
          <text class="chart-peak" x={percent(clamped(peak.x))} y={percent(peak.y)} dy="-10" text-anchor={anchor(peak)}>
            {fmt.power(peak.powerW)}
          </text>
        )}
        <circle
          class={isCurrent ? `chart-now series-fill series-${curve.layers.length}` : 'chart-now-old'}
          cx={percent(last.x)}
          cy={percent(last.y)}
          r={isCurrent ? 6.5 : 5}
        />
      </svg>
      <svg class="h-6 w-full overflow-visible" aria-hidden="true">
        {curve.xTicks.map(({ x, at }) => (
          <text key={x} class="chart-label" x={percent(x)} y="20" text-anchor="middle">
            {fmt.time(at, timeZone)}
          </text>
        ))}
      </svg>
    </figure>
  );
}

/** Names of the layers, where there is more than one. */
export function Legend({ curve }: { curve: DayCurve }): JSX.Element | null {
  const named = curve.layers.filter(({ name }) => name !== '');
  if (named.length < 2) return null;
  return (
    <ul class="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-sm">
      {named.map(({ name }, index) => (
        <li key={index} class="flex items-center gap-2">
          <span class={`legend-dot shrink-0 series-${index + 1}`} />
          <bdi class="name">{name}</bdi>
        </li>
      ))}
    </ul>
  );
}

function Patterns({ id, layers }: { id: string; layers: number }): JSX.Element {
  return (
    <defs>
      <pattern id={`${id}-hatch`} width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <line class="chart-hatch" x1="0" y1="0" x2="0" y2="8" />
      </pattern>
      {Array.from({ length: layers }, (_, layer) => (
        <linearGradient
          key={layer}
          id={`${id}-fade-${layer + 1}`}
          x1="0"
          x2="0"
          y1="0"
          y2="1"
          class={`series-${layer + 1}`}
        >
          <stop offset="0" class="series-stop" stop-opacity={layers === 1 ? 0.42 : 0.55} />
          <stop offset="1" class="series-stop" stop-opacity={layers === 1 ? 0.04 : 0.35} />
        </linearGradient>
      ))}
    </defs>
  );
}

function percent(thousandths: number): string {
  return `${Math.round(thousandths) / 10}%`;
}

/** Words at the edge turn inwards. */
function anchor({ x }: Spot): 'start' | 'middle' | 'end' {
  return x < 120 ? 'start' : x > 880 ? 'end' : 'middle';
}

function clamped(x: number): number {
  return Math.min(1000, Math.max(0, x));
}
