import type { CollectorCounters } from '../collector/counters.ts';
import type { IngestParts } from '../ingest/assemble.ts';
import { type ProcessFigures, Rate } from '../services/process-figures.ts';
import type { DoorFigures, RunningRole } from './role.ts';

/** What one process counts, for the pages of administration: the same counters that the metrics are read from. */
export function ownFigures(
  { batcher, claims }: Pick<IngestParts, 'batcher' | 'claims'>,
  roles: readonly RunningRole[],
): (now: Date) => ProcessFigures {
  const rate = new Rate();
  return (now) => {
    const { samples, refused, rejectedSubmissions } = batcher.counts;
    const doors = roles.flatMap((role) => (role.doors === undefined ? [] : [role.doors()]));
    return {
      samples,
      samplesPerMinute: rate.perMinute(samples, now),
      queued: batcher.queuedSamples,
      connections: doors.length === 0 ? null : sum(doors.map(({ connections }) => connections)),
      rejects: happened({
        'queue-full': refused,
        'not-stored': rejectedSubmissions,
        'strangers-limited': claims.counts.strangersLimited,
        ...Object.assign({}, ...doors.map(({ rejects }) => rejects)),
      }),
    };
  };
}

/** Endings that tell of a peer which did not do as it should. */
const BAD_ENDINGS = [
  'garbage',
  'serial_changed',
  'server_code',
  'stalled',
  'unusable_envelope',
  'proxy_header',
  'no_first_frame',
  'slow_reader',
] as const;

/** Of all servers of one collector together. */
export function doorFigures(counters: readonly CollectorCounters[]): DoorFigures {
  const total = (of: (one: CollectorCounters) => number): number => sum(counters.map(of));
  return {
    connections: total(({ open }) => open),
    rejects: {
      'connections-too-fast': total(({ refused }) => refused.rate),
      'connections-too-many': total(({ refused }) => refused.total),
      'connections-of-one-address': total(({ refused }) => refused.address),
      'frames-damaged': total(({ badFrames }) => badFrames),
      'frames-refused': total(({ refusedFrames }) => refusedFrames),
      'frames-unstored': total(({ unstored }) => unstored),
      'tls-hellos': total(({ tlsHellos }) => tlsHellos),
      throttled: total(({ throttled }) => throttled),
      ...Object.fromEntries(
        BAD_ENDINGS.map((ending) => [`ended-${ending.replaceAll('_', '-')}`, total(({ ended }) => ended[ending] ?? 0)]),
      ),
    },
  };
}

function happened(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
