/** One figure of the metrics page. `labels` have few values, all of them ours: nobody outside can make new series. */
export interface Figure {
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  labels?: readonly string[];
}

const figure = <const F extends Figure>(f: F): F => f;

/** THE list of what this system measures of itself; `docs/metrics.md` is written from it. Counters begin at 0 with the process. */
export const FIGURES = {
  deye_hard_build_info: figure({ type: 'gauge', help: 'Always 1; the version is in the label', labels: ['version'] }),
  deye_hard_samples_flushed_total: figure({
    type: 'counter',
    help: 'Samples committed, duplicates included, from every door',
  }),
  deye_hard_flushes_total: figure({ type: 'counter', help: 'Transactions that stored samples' }),
  deye_hard_flush_seconds_total: figure({
    type: 'counter',
    help: 'Time spent in those transactions; by flushes_total, the mean',
  }),
  deye_hard_flush_failures_total: figure({
    type: 'counter',
    help: 'Transactions that failed; their devices were not acknowledged or got the error, and send again',
  }),
  deye_hard_samples_queued: figure({ type: 'gauge', help: 'Samples that wait for their transaction' }),
  deye_hard_submissions_refused_total: figure({
    type: 'counter',
    help: 'Messages refused because the queue was full: the database is too slow or away',
  }),
  deye_hard_collector_connections: figure({ type: 'gauge', help: 'Loggers connected' }),
  deye_hard_collector_connections_accepted_total: figure({ type: 'counter', help: 'Connections let in' }),
  deye_hard_collector_connections_refused_total: figure({
    type: 'counter',
    help: 'Connections refused: too fast, too many in all, too many of one address',
    labels: ['reason'],
  }),
  deye_hard_collector_connections_ended_total: figure({
    type: 'counter',
    help: 'Connections that ended, by why',
    labels: ['reason'],
  }),
  deye_hard_collector_frames_total: figure({
    type: 'counter',
    help: 'Frames understood, by control code (0x41 hello, 0x42 data, 0x43 WiFi, 0x47 heartbeat, 0x48 report)',
    labels: ['code'],
  }),
  deye_hard_collector_retransmissions_total: figure({ type: 'counter', help: 'Frames that were sent again' }),
  deye_hard_collector_acknowledgements_total: figure({ type: 'counter', help: 'Acknowledgements sent' }),
  deye_hard_collector_unstored_total: figure({
    type: 'counter',
    help: 'Frames that could not be stored, so were not acknowledged',
  }),
  deye_hard_collector_bad_frames_total: figure({ type: 'counter', help: 'Frames with a wrong checksum or end' }),
  deye_hard_collector_garbage_bytes_total: figure({ type: 'counter', help: 'Bytes passed over between frames' }),
  deye_hard_collector_throttled_total: figure({ type: 'counter', help: 'Times a serial sent too many frames' }),
  deye_hard_collector_tls_hellos_total: figure({
    type: 'counter',
    help: 'Loggers that tried TLS: their firmware cannot be used',
  }),
  deye_hard_live_subscribers: figure({ type: 'gauge', help: 'Live topics and streams that follow announcements' }),
  deye_hard_http_request_duration_seconds: figure({
    type: 'histogram',
    help: 'Answers of web and API by route and class of status; live streams are not in it',
    labels: ['method', 'route', 'status'],
  }),
  deye_hard_database_connections: figure({
    type: 'gauge',
    help: 'Connections of the serving pools: in_use, idle; waiting are requests that wait for one',
    labels: ['pool', 'state'],
  }),
  deye_hard_jobs_failing: figure({ type: 'gauge', help: 'Maintenance jobs of this process whose last run failed' }),
  // Last, because it asks the database: what it needs for that is not yet in the figures above.
  deye_hard_component_up: figure({
    type: 'gauge',
    help: '1 while /healthcheck says ok of it, else 0: database, collector, worker',
    labels: ['component'],
  }),
} as const;

export type FigureName = keyof typeof FIGURES;
