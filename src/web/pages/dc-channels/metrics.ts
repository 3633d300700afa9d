import type { PeriodKind } from '../../../domain/shown-period.ts';

/** What the inputs are compared by. */
export const METRICS = ['power', 'voltage', 'current', 'energy'] as const;
export type Metric = (typeof METRICS)[number];

/** The scale of a chart reaches at least so far, so that noise does not look like noon. */
export const LEAST: Record<Exclude<Metric, 'energy'>, number> = { power: 20, voltage: 10, current: 0.5 };

/** Voltage and current are kept as they were measured, not summed up by day: of a year they are not read. */
export function metricsOf(kind: PeriodKind): readonly Metric[] {
  return kind === 'year' || kind === 'total' ? ['power', 'energy'] : METRICS;
}

/** The one asked for, or power where the period has no such. */
export function metricFor(asked: Metric, kind: PeriodKind): Metric {
  return metricsOf(kind).includes(asked) ? asked : 'power';
}
