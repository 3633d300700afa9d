import { type LoggerOptions, type Logger as PinoLogger, pino, destination as pinoDestination } from 'pino';
import type { LogLevel } from '../config-types.ts';

export type Logger = Pick<
  PinoLogger,
  'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child' | 'isLevelEnabled'
> & {
  level: string;
};

/** Keys whose values never reach a log line, wherever they stand. */
const SECRET_KEYS = ['password', 'authorization', 'cookie', 'token', 'key', 'secret', 'otp', '_csrf'];

/**
 * Structured logs on standard output: one JSON object a line, or readable lines on a terminal.
 * Secrets are cut out here once more, behind everybody's own care.
 */
export function createLogger(level: LogLevel, options: { pretty?: boolean; toStandardError?: boolean } = {}): Logger {
  const paths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  const destination = options.toStandardError === true ? 2 : 1;
  const settings: LoggerOptions = {
    level,
    base: null,
    redact: { paths: [...paths, '*.headers["x-api-key"]', 'headers["x-api-key"]'], censor: '[secret]' },
    serializers: { err: plainError },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  if (options.pretty !== true) return pino(settings, pinoDestination({ dest: destination, sync: true }));
  const target = {
    target: 'pino-pretty',
    options: { destination, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' },
  };
  return pino({ ...settings, transport: target });
}

/** An error without what libraries hang on it: the database driver's carries its whole connection, keys included. */
function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    stack: error.stack,
    ...(error.cause instanceof Error ? { cause: plainError(error.cause) } : {}),
  };
}
