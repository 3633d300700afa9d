import { type Logger as PinoLogger, pino, stdSerializers } from 'pino';
import type { LogLevel } from '../config.ts';

export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child'> & {
  level: string;
};

/** Keys whose values never reach a log line, wherever they stand. */
const SECRET_KEYS = ['password', 'authorization', 'cookie', 'token', 'key', 'secret', 'otp', '_csrf'];

/**
 * Structured logs on standard output: one JSON object a line, or readable lines on a terminal.
 * Secrets are cut out here once more, behind everybody's own care.
 */
export function createLogger(level: LogLevel, options: { pretty?: boolean; name?: string } = {}): Logger {
  const paths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  return pino({
    level,
    base: options.name === undefined ? null : { name: options.name },
    redact: { paths: [...paths, '*.headers["x-api-key"]', 'headers["x-api-key"]'], censor: '[secret]' },
    serializers: { err: stdSerializers.err },
    timestamp: pino.stdTimeFunctions.isoTime,
    ...(options.pretty === true
      ? { transport: { target: 'pino-pretty', options: { translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' } } }
      : {}),
  });
}
