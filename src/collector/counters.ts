import type { SessionOutcome } from '../protocols/protocol.ts';

/** Why a connection was refused before anything was read. */
export type Refusal = 'rate' | 'total' | 'address';

/** Why a connection ended. The first group is the peer's doing, the second the collector's. */
export type Ending =
  | 'ended'
  | 'broken'
  | 'garbage'
  | 'serial_changed'
  | 'tls_hello'
  | 'server_code'
  | 'stalled'
  | 'unusable_envelope'
  | 'proxy_header'
  | 'no_first_frame'
  | 'idle'
  | 'slow_reader'
  | 'replaced'
  | 'unstored'
  | 'stopped'
  | 'fault';

/** Plain numbers since the collector started, to be copied into whatever shows metrics. */
export interface CollectorCounters {
  /** Connections open at the moment. */
  open: number;
  /** Connections let in. */
  accepted: number;
  refused: Record<Refusal, number>;
  ended: Partial<Record<Ending, number>>;
  /** By the protocol's code, e.g. `0x42`. */
  frames: Record<string, number>;
  retransmissions: number;
  acknowledgements: number;
  /** Messages the sink could not take: not acknowledged. */
  unstored: number;
  /** Times a socket was paused because its messages were not yet settled, or came too fast. */
  pauses: number;
  badFrames: number;
  refusedFrames: number;
  garbageBytes: number;
  partialExpiries: number;
  tlsHellos: number;
  /** Times a frame had to wait because its serial sent too many. */
  throttled: number;
  /** Devices that spoke over two connections at the same time. */
  twoAtOnce: number;
}

export function newCounters(): CollectorCounters {
  return {
    open: 0,
    accepted: 0,
    refused: { rate: 0, total: 0, address: 0 },
    ended: {},
    frames: {},
    retransmissions: 0,
    acknowledgements: 0,
    unstored: 0,
    pauses: 0,
    badFrames: 0,
    refusedFrames: 0,
    garbageBytes: 0,
    partialExpiries: 0,
    tlsHellos: 0,
    throttled: 0,
    twoAtOnce: 0,
  };
}

/** Count what a session said. */
export function countOutcome(counters: CollectorCounters, { messages, skipped, close }: SessionOutcome): void {
  for (const { code, repeated } of messages) {
    counters.frames[code] = (counters.frames[code] ?? 0) + 1;
    if (repeated) counters.retransmissions += 1;
  }
  counters.garbageBytes += skipped?.bytes ?? 0;
  counters.badFrames += skipped?.badFrames ?? 0;
  counters.refusedFrames += skipped?.refusedFrames ?? 0;
  if (close?.reason === 'tls_hello') counters.tlsHellos += 1;
}
