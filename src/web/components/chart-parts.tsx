import type { JSX } from 'preact';
import { isTight, scaleUnit, type TimeTick } from '../charts/axis.ts';
import { useView } from '../view.ts';

export function percent(thousandths: number): string {
  return `${Math.round(thousandths * 10) / 100}%`;
}

export function NoData(): JSX.Element {
  const { t } = useView();
  return (
    <p class="mt-5 flex h-40 items-center justify-center rounded-field bg-base-200 px-4 text-center text-muted">
      {t.chart.none}
    </p>
  );
}

/** Lines across the drawing, and what they stand for beside it. */
export function ValueAxis({
  ticks,
  unit,
}: {
  ticks: readonly { y: number; value: number }[];
  /** Of the values. */
  unit: string;
}): JSX.Element {
  const { fmt } = useView();
  const scale = scaleUnit(
    ticks.map(({ value }) => value),
    unit,
  );
  const highest = ticks.at(-1);
  return (
    <>
      {[...ticks.map(({ y }) => y), 1000].map((y) => (
        <line key={y} class="chart-grid" x1="0" x2="100%" y1={percent(y)} y2={percent(y)} />
      ))}
      {ticks.map(({ y, value }) => (
        <text key={y} class="chart-label" x="-8" y={percent(y)} dy="4" text-anchor="end">
          {fmt.number(value / scale.divisor, scale.digits)}
        </text>
      ))}
      {highest === undefined ? null : (
        <text class="chart-label" x="-8" y={percent(highest.y)} dy="-12" text-anchor="end">
          {scale.unit}
        </text>
      )}
    </>
  );
}

export function TimeAxis({ ticks, timeZone }: { ticks: readonly TimeTick[]; timeZone: string }): JSX.Element {
  const { fmt } = useView();
  const words = ticks.map(({ x, at, style }) => ({ x, text: fmt.moment(at, timeZone, style) }));
  const isThinned = isTight(words);
  return (
    <svg class="chart-plot h-6" aria-hidden="true">
      {words.map(({ x, text }, index) => (
        <text
          key={x}
          class={`chart-label ${isThinned && index % 2 === 1 ? 'hidden sm:inline' : ''}`}
          x={percent(x)}
          y="20"
          text-anchor="middle"
        >
          {text}
        </text>
      ))}
    </svg>
  );
}

/** Names of the layers, where there is more than one, and of what else is drawn. */
export function Legend({
  names,
  hasPeak = false,
  before = null,
  hasEstimates = false,
  hasDisbelieved = false,
  band = null,
  means = null,
}: {
  names: readonly string[];
  hasPeak?: boolean;
  /** What the period before is called; null: it is not drawn. */
  before?: string | null;
  hasEstimates?: boolean;
  hasDisbelieved?: boolean;
  /** What the band around the line is; null: there is none. */
  band?: string | null;
  /** Of what the lines are means, where that must be said. */
  means?: string | null;
}): JSX.Element | null {
  const { t } = useView();
  const named = names.length > 1 ? names : [];
  const words = [band, means, before].filter((one) => one !== null);
  if (named.length + words.length === 0 && !hasPeak && !hasEstimates && !hasDisbelieved) return null;
  return (
    <ul class="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-sm">
      {named.map((name, index) => (
        <li key={index} class="flex items-center gap-2">
          <span class={`legend-dot shrink-0 series-${(index % 6) + 1}`} />
          <bdi class="name">{name}</bdi>
        </li>
      ))}
      {band === null ? null : (
        <li class="flex items-center gap-2">
          <svg class="legend-box shrink-0 series-1" aria-hidden="true">
            <rect width="100%" height="100%" rx="3" class="series-band" />
            <line class="chart-line series-line" x1="0" x2="100%" y1="50%" y2="50%" />
          </svg>
          {band}
        </li>
      )}
      {means === null ? null : <li class="text-muted">{means}</li>}
      {hasPeak ? (
        <li class="flex items-center gap-2">
          <svg class="legend-box shrink-0" aria-hidden="true">
            <circle class="chart-peak-dot" cx="50%" cy="50%" r="2.5" />
          </svg>
          {t.chart.peak}
        </li>
      ) : null}
      {before === null ? null : (
        <li class="flex items-center gap-2">
          <span class="legend-line shrink-0" />
          {before}
        </li>
      )}
      {hasEstimates ? (
        <li class="flex items-center gap-2">
          <svg class="legend-box" aria-hidden="true">
            <rect width="100%" height="100%" rx="3" class="series-1 series-fill" />
            <path d="M-2 8 8 -2M2 16 16 2" class="bar-estimated" />
          </svg>
          {t.chart.estimated}
        </li>
      ) : null}
      {hasDisbelieved ? (
        <li class="flex items-center gap-2">
          <svg class="legend-box shrink-0 overflow-visible" aria-hidden="true">
            <DisbelievedMark x="50%" y="0" />
          </svg>
          {t.chart.disbelieved}
        </li>
      ) : null}
    </ul>
  );
}

/** Over the drawing, clear of the words at its highest values. */
export const ABOVE = '-12';

/** A warning sign, its top at a place; `title` is what a pointer resting on it is told. */
export function DisbelievedMark({ x, y, title }: { x: string; y: string; title?: string }): JSX.Element {
  return (
    <svg x={x} y={y} class="overflow-visible" aria-hidden="true">
      <g class="chart-doubt">
        {title === undefined ? null : <title>{title}</title>}
        <path d="M0 1 8 14H-8Z" />
        <path d="M0 5.5V9.5M0 12v.01" class="chart-doubt-sign" />
      </g>
    </svg>
  );
}
