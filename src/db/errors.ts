import pg from 'pg';
import { Conflict, DeyeHardError, InvalidInput, Unavailable } from '../domain/errors.ts';

const CONNECTION_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  'ENOENT',
  'EHOSTUNREACH',
]);

/** PostgreSQL asks that the same transaction simply be tried again. */
export function isRetryable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '40001' || error.code === '40P01');
}

/** Somebody else held on for too long (a time limit ran out, a lock was not had): to be tried again, and no fault of the data. */
const BUSY = new Set(['25P03', '57014', '55P03']);

/** The server, the way to it, or its disk is not there; nothing is wrong with the statement. */
export function isOutage(error: unknown): boolean {
  if (error instanceof Unavailable) return true;
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? '';
    // 08 connection, 57P shutdown or crash, 53 disk full, out of memory or connections, 58 system error
    return (
      code.startsWith('08') ||
      code.startsWith('57P') ||
      code.startsWith('53') ||
      code.startsWith('58') ||
      BUSY.has(code)
    );
  }
  if (!(error instanceof Error)) return false;
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined && CONNECTION_ERRORS.has(code)) return true;
  // pg reports these without a code.
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
    error.message,
  );
}

/**
 * Turns what PostgreSQL says into our own words, or gives the error back unchanged where it is a bug of ours.
 * @returns Conflict for a taken key and for the last administrator, InvalidInput for a text that cannot be kept, Unavailable for an outage
 */
export function translate(error: unknown): unknown {
  if (error instanceof DeyeHardError) return error;
  if (isOutage(error)) return new Unavailable('The database does not answer.', { cause: error });
  // A zero byte, or half a character: JSON and forms can carry them, texts in the database cannot.
  if (error instanceof pg.DatabaseError && (error.code === '22021' || error.code === '22P05')) {
    return new InvalidInput('A text holds a character that cannot be kept.', {}, error);
  }
  if (error instanceof pg.DatabaseError && error.code === '23505') {
    return new Conflict('That is already taken.', { cause: error, details: { constraint: error.constraint ?? null } });
  }
  if (error instanceof pg.DatabaseError && error.constraint === 'an_administrator_is_left') {
    const message = 'This is the last administrator who can sign in. Make another account an administrator first.';
    return new Conflict(message, { cause: error, details: { reason: 'last' } });
  }
  return error;
}
