import type { CollectorCounters } from '../collector/counters.ts';
import type { Metrics, Reading } from '../telemetry/metrics.ts';
import type { Shared } from './role.ts';
import { version } from './version.ts';

/** What every process has, whatever its roles. */
export function provideProcessFigures(metrics: Metrics, { ingest, hub, health, pools }: Shared): void {
  const { batcher } = ingest;
  metrics.provide('deye_hard_build_info', () => [[1, { version: version() }]]);
  metrics.provide('deye_hard_component_up', async () => {
    const { components } = await health.report(new Date());
    return Object.entries(components).map(([component, state]) => [state === 'ok' ? 1 : 0, { component }]);
  });
  metrics.provide('deye_hard_samples_flushed_total', () => [[batcher.counts.samples]]);
  metrics.provide('deye_hard_flushes_total', () => [[batcher.counts.flushes]]);
  metrics.provide('deye_hard_flush_seconds_total', () => [[batcher.counts.flushMs / 1000]]);
  metrics.provide('deye_hard_flush_failures_total', () => [[batcher.counts.failedFlushes]]);
  metrics.provide('deye_hard_samples_queued', () => [[batcher.queuedSamples]]);
  metrics.provide('deye_hard_submissions_refused_total', () => [[batcher.counts.refused]]);
  metrics.provide('deye_hard_live_subscribers', () => [[hub.subscribers]]);
  for (const pool of ['app', 'ingest', 'notes'] as const) {
    metrics.provide('deye_hard_database_connections', () => {
      const { totalCount, idleCount, waitingCount } = pools[pool];
      return [
        [totalCount - idleCount, { pool, state: 'in_use' }],
        [idleCount, { pool, state: 'idle' }],
        [waitingCount, { pool, state: 'waiting' }],
      ];
    });
  }
}

/** What a collector counts. */
export function provideCollectorFigures(metrics: Metrics, counters: CollectorCounters): void {
  const by = (label: string, counts: Readonly<Record<string, number>>): Reading[] =>
    Object.entries(counts).map(([value, count]) => [count, { [label]: value }]);
  metrics.provide('deye_hard_collector_connections', () => [[counters.open]]);
  metrics.provide('deye_hard_collector_connections_accepted_total', () => [[counters.accepted]]);
  metrics.provide('deye_hard_collector_connections_refused_total', () => by('reason', counters.refused));
  metrics.provide('deye_hard_collector_connections_ended_total', () => by('reason', counters.ended));
  metrics.provide('deye_hard_collector_frames_total', () => by('code', counters.frames));
  metrics.provide('deye_hard_collector_retransmissions_total', () => [[counters.retransmissions]]);
  metrics.provide('deye_hard_collector_acknowledgements_total', () => [[counters.acknowledgements]]);
  metrics.provide('deye_hard_collector_unstored_total', () => [[counters.unstored]]);
  metrics.provide('deye_hard_collector_bad_frames_total', () => [[counters.badFrames]]);
  metrics.provide('deye_hard_collector_garbage_bytes_total', () => [[counters.garbageBytes]]);
  metrics.provide('deye_hard_collector_throttled_total', () => [[counters.throttled]]);
  metrics.provide('deye_hard_collector_tls_hellos_total', () => [[counters.tlsHellos]]);
}
