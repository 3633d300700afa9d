import { InvalidInput } from '../../domain/errors.ts';
import { isTimeZone } from '../../domain/period.ts';
import type { NewAccount } from '../services.ts';
import type { ProfileChange } from './account-services.ts';
import { isEasilyGuessed } from './easily-guessed.ts';

const MIN_PASSWORD_LENGTH = 8;
/** Bounds the work of hashing; far beyond any passphrase. */
export const MAX_PASSWORD_LENGTH = 1024;
const MAX_EMAIL_LENGTH = 320;
const MAX_NAME_LENGTH = 255;

/** One address without anything that could mean more than an address in a mail's header. */
const EMAIL = /^[^\s@\p{Cc}<>()[\]",;:\\]{1,64}@[^\s@\p{Cc}<>()[\]",;:\\]{1,255}$/u;

/** Whether a text could be an address at all; the rest is not worth a look into the database. */
export function isEmail(text: string): boolean {
  return text.length <= MAX_EMAIL_LENGTH && EMAIL.test(text);
}

/** Why a password will not do, for people; null when it will. `names`: what else a guesser knows. */
export function passwordProblem(password: string, email: string, names: readonly string[] = []): string | null {
  if (password.length < MIN_PASSWORD_LENGTH) return `at least ${MIN_PASSWORD_LENGTH} characters`;
  if (password.length > MAX_PASSWORD_LENGTH) return `at most ${MAX_PASSWORD_LENGTH} characters`;
  if (password.toLowerCase() === email.toLowerCase()) return 'must not be the e-mail address';
  if (isEasilyGuessed(password, [email, ...names])) return 'too easily guessed';
  return null;
}

/**
 * A profile as it may be stored, names trimmed.
 * @throws InvalidInput naming every wrong field
 */
export function checkedProfile(profile: ProfileChange): ProfileChange {
  const checked = { ...profile, firstName: profile.firstName.trim(), lastName: profile.lastName.trim() };
  const problems = {
    first_name: nameProblem(checked.firstName),
    last_name: nameProblem(checked.lastName),
    time_zone: isTimeZone(checked.timeZone) ? null : 'not an IANA time zone',
  };
  const fields = Object.fromEntries(
    Object.entries(problems).filter((entry): entry is [string, string] => entry[1] !== null),
  );
  if (Object.keys(fields).length > 0) throw new InvalidInput('The profile cannot be kept like this.', fields);
  return checked;
}

function nameProblem(name: string): string | null {
  if (name.length > MAX_NAME_LENGTH) return `at most ${MAX_NAME_LENGTH} characters`;
  return /\p{Cc}/u.test(name) ? 'printable characters only' : null;
}

/**
 * The account as it may be stored: address and names trimmed, the password as typed.
 * @throws InvalidInput naming every wrong field
 */
export function checkedAccount(account: NewAccount): NewAccount {
  const checked = {
    email: account.email.trim(),
    password: account.password,
    firstName: account.firstName.trim(),
    lastName: account.lastName.trim(),
  };
  const problems: Record<string, string | null> = {
    email: isEmail(checked.email) ? null : 'not an e-mail address',
    password: passwordProblem(checked.password, checked.email, [checked.firstName, checked.lastName]),
    first_name: nameProblem(checked.firstName),
    last_name: nameProblem(checked.lastName),
  };
  const fields = Object.fromEntries(
    Object.entries(problems).filter((entry): entry is [string, string] => entry[1] !== null),
  );
  if (Object.keys(fields).length > 0) throw new InvalidInput('The account cannot be created like this.', fields);
  return checked;
}
