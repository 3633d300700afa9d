import { errors, jwtVerify, SignJWT } from 'jose';
import { NotSignedIn } from '../domain/errors.ts';
import type { UserId } from '../domain/inverter.ts';
import { deriveKey } from './derive-key.ts';

/** As the predecessor's (§4): its clients may look for it. */
const AUDIENCE = 'fastapi-users:auth';
const TOKEN_LIFETIME_S = 2 * 24 * 3600;

/** What a token says: which session of which account. That the session still lives, only the database knows. */
export interface TokenClaims {
  userId: UserId;
  sessionId: string;
  expiresAt: Date;
}

/** Makes and reads the tokens of the cookie and of `Authorization: Bearer`: HS256, two days, bound to a session. */
export class SessionTokens {
  readonly #key: Buffer;

  constructor(authSecret: string) {
    this.#key = deriveKey(authSecret, 'session tokens');
  }

  async sign(userId: UserId, sessionId: string, now: Date): Promise<{ token: string; expiresAt: Date }> {
    const issuedS = Math.floor(now.getTime() / 1000);
    const expiresS = issuedS + TOKEN_LIFETIME_S;
    const token = await new SignJWT({ sid: sessionId })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(String(userId))
      .setAudience(AUDIENCE)
      .setIssuedAt(issuedS)
      .setExpirationTime(expiresS)
      .sign(this.#key);
    return { token, expiresAt: new Date(expiresS * 1000) };
  }

  /**
   * @param graceS how long after its end a token is still read
   * @throws NotSignedIn when it is not ours, was altered or is over
   */
  async read(token: string, now: Date, graceS = 0): Promise<TokenClaims> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: ['HS256'],
        audience: AUDIENCE,
        currentDate: now,
        clockTolerance: graceS,
      });
      return claims(payload);
    } catch (cause) {
      if (!(cause instanceof errors.JOSEError)) throw cause;
      throw new NotSignedIn('The session is over. Please sign in again.', { cause });
    }
  }
}

function claims(payload: { sub?: string; exp?: number; sid?: unknown }): TokenClaims {
  const userId = Number(payload.sub);
  if (!Number.isSafeInteger(userId) || userId < 1 || typeof payload.sid !== 'string' || payload.exp === undefined) {
    throw new NotSignedIn('The session is over. Please sign in again.');
  }
  return { userId, sessionId: payload.sid, expiresAt: new Date(payload.exp * 1000) };
}
