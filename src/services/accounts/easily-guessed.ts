import { COMMON_WORDS, isCommonPassword } from './common-passwords.ts';

/** Letters that are written as something else by people who are told to use signs and digits. */
const DISGUISES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** Neighbours on keyboards and in the alphabet, there and back. */
const RUNS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'qwertzuiopü',
  'asdfghjklöä',
  'yxcvbnm',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1q2w3e4r5t6z7u8i9o0p',
  '1q2w3e4r5t6y7u8i9o0p',
  '1qaz2wsx3edc4rfv5tgb6zhn7ujm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
].flatMap((run) => [run, [...run].reverse().join('')]);

/** What is left of a run may be this long before the password is worth something. */
const REST = 3;

/**
 * Whether guessers find a password among their first tries: a common one, a common word or one that stands in this account or on this
 * page dressed up with digits and signs, a run of keys, a pattern repeated, a date.
 * @param context what a guesser knows of the account: address, names
 */
export function isEasilyGuessed(password: string, context: readonly string[]): boolean {
  const lower = password.toLowerCase();
  if (isCommonPassword(lower) || isCommonPassword(undisguised(lower))) return true;
  if (/^(.{1,4})\1+$/u.test(lower) || isDate(lower) || isRun(lower)) return true;
  const words = new Set([...COMMON_WORDS, ...context.flatMap(wordsOf)]);
  return coresOf(lower).some((core) => words.has(core));
}

/** The password without what is put before and behind a word, as typed and with its disguises taken off. */
function coresOf(lower: string): string[] {
  const plain = undisguised(lower);
  const bare = (text: string): string => text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const letters = (text: string): string => text.replace(/[^\p{L}]+/gu, '');
  const stripped = undisguised(bare(lower));
  return [bare(lower), letters(lower), bare(plain), letters(plain), letters(stripped)];
}

function undisguised(text: string): string {
  return [...text].map((sign) => DISGUISES[sign] ?? sign).join('');
}

/** `Erika.Muster@solar.example.org` → erikamuster, erika, muster, solar, example. Short pieces say nothing. */
function wordsOf(text: string): string[] {
  const pieces = text.toLowerCase().split(/[^\p{L}]+/u);
  const local = text.split('@')[0] ?? '';
  return [...pieces, pieces.join(''), local.toLowerCase().replace(/[^\p{L}]+/gu, '')].filter((word) => word.length > 2);
}

function isRun(lower: string): boolean {
  for (let length = lower.length; length >= lower.length - REST && length >= 5; length--) {
    for (let at = 0; at + length <= lower.length; at++) {
      const piece = lower.slice(at, at + length);
      if (RUNS.some((run) => run.includes(piece))) return true;
    }
  }
  return false;
}

/** Eight digits that are a day of the last or this century, in any of the usual orders. */
function isDate(text: string): boolean {
  const [, a = '', b = '', c = '', d = ''] = /^(\d\d)[.\-/]?(\d\d)[.\-/]?(\d\d)(\d\d)$/.exec(text) ?? [];
  const isDay = (day: string, month: string): boolean =>
    Number(day) >= 1 && Number(day) <= 31 && Number(month) >= 1 && Number(month) <= 12;
  const isYear = (century: string): boolean => century === '19' || century === '20';
  return (isYear(c) && (isDay(a, b) || isDay(b, a))) || (isYear(a) && isDay(d, c));
}
