/**
 * The errors this system speaks of. `code` is stable and appears in answers; the message is for people.
 * They are turned into HTTP answers only in `http/errors.ts`; anything that is not one of these is a bug.
 */
export abstract class DeyeHardError extends Error {
  abstract readonly code: string;
  /** Machine-readable particulars, safe to show to the caller. */
  readonly details: Record<string, unknown>;

  constructor(message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details ?? {};
  }
}

/** The caller can mend it. `fields` names each wrong field and says why. */
export class InvalidInput extends DeyeHardError {
  readonly code = 'invalid_input';

  constructor(message: string, fields: Record<string, string> = {}, cause?: unknown) {
    super(message, { details: Object.keys(fields).length > 0 ? { fields } : {}, cause });
  }

  get fields(): Record<string, string> {
    return (this.details['fields'] as Record<string, string> | undefined) ?? {};
  }
}

/** Nobody is signed in, or the key or token is not valid. */
export class NotSignedIn extends DeyeHardError {
  readonly code = 'unauthorized';
}

/** The password was right, the code of the second factor was not, or was used before. */
export class WrongCode extends NotSignedIn {}

/** Signed in, but this is not for them. */
export class NotAllowed extends DeyeHardError {
  readonly code = 'not_allowed';
}

/** The password was right, and a second factor is needed too. `challenge` proves the first step to the second. */
export class OtpRequired extends DeyeHardError {
  readonly code = 'otp_required';
  readonly challenge: string;

  constructor(challenge: string) {
    super('A code of the authenticator app is needed too.');
    this.challenge = challenge;
  }
}

/** Signed in, but the password that was asked for once more is wrong. */
export class WrongPassword extends NotAllowed {}

/** Absent, or another tenant's: the answer is the same, so that nothing can be learnt from it. */
export class NotFound extends DeyeHardError {
  readonly code = 'not_found';
}

export class Conflict extends DeyeHardError {
  readonly code = 'conflict';
}

export class TooMany extends DeyeHardError {
  readonly code = 'too_many';
  readonly retryAfterS: number;

  constructor(message: string, retryAfterS: number) {
    super(message);
    this.retryAfterS = retryAfterS;
  }
}

/** A part this system needs (database, mail server) does not answer; trying again later is right. */
export class Unavailable extends DeyeHardError {
  readonly code = 'unavailable';
  readonly retryAfterS: number;

  constructor(message: string, options: { cause?: unknown; retryAfterS?: number } = {}) {
    super(message, options);
    this.retryAfterS = options.retryAfterS ?? 5;
  }
}

export type ProtocolErrorCode =
  | 'garbage'
  | 'serial_changed'
  | 'tls_hello'
  | 'server_code'
  | 'stalled'
  | 'unusable_envelope';

/** Bytes or JSON from a device that cannot be understood. */
export class ProtocolError extends DeyeHardError {
  readonly code = 'protocol_error';
  readonly reason: ProtocolErrorCode;

  constructor(reason: ProtocolErrorCode, message: string) {
    super(message, { details: { reason } });
    this.reason = reason;
  }
}

/** A file given to a command is not what it should be: foreign, cut off, altered, or of a version not understood. */
export class UnusableFile extends DeyeHardError {
  readonly code = 'unusable_file';
}

/** The process cannot start: one plain sentence that names the setting. */
export class ConfigError extends DeyeHardError {
  readonly code = 'config_error';
}
