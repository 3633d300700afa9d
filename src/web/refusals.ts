import { TooMany, WrongPassword } from '../domain/errors.ts';
import type { Dictionary } from '../i18n/en.ts';

interface Refusal {
  status: number;
  message: string;
  retryAfterS?: number;
}

/** What the forms about accounts show themselves: too many tries, and a wrong password. */
export function accountRefusal(error: unknown, t: Dictionary): Refusal | null {
  if (error instanceof WrongPassword) return { status: 403, message: t.settings.password.wrong };
  if (!(error instanceof TooMany)) return null;
  const minutes = Math.max(1, Math.ceil(error.retryAfterS / 60));
  return { status: 429, message: t.entrance.tooMany(minutes), retryAfterS: error.retryAfterS };
}
