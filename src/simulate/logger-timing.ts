/** Real milliseconds, as seen on real loggers (solarman-v5 §2.4, §2.5), but for the back-off, of which nothing is known. */
export interface LoggerTiming {
  answerMs: number;
  handshakeMs: number;
  heartbeatMs: number;
  /** The whole 41…48 cycle again on the same connection. */
  cycleMs: number;
  retryMinMs: number;
  retryMaxMs: number;
}

export const LOGGER_TIMING: LoggerTiming = {
  answerMs: 15_000,
  handshakeMs: 31_000,
  heartbeatMs: 120_000,
  cycleMs: 10_740_000,
  retryMinMs: 1_000,
  retryMaxMs: 60_000,
};
