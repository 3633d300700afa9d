import { randomInt } from 'node:crypto';
import { sha256 } from './tokens.ts';

/** The predecessor's format (§4), so that keys already typed into devices stay valid: no letter or digit that is misread. */
const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';
const GROUPS = 4;
const GROUP_LENGTH = 4;
const FORMAT = new RegExp(`^[${ALPHABET}]{${GROUP_LENGTH}}(-[${ALPHABET}]{${GROUP_LENGTH}}){${GROUPS - 1}}$`);

/** `XXXX-XXXX-XXXX-XXXX` with 79 bits of chance. */
export function newApiKey(): string {
  const group = (): string => Array.from({ length: GROUP_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}

/** Whether a text could be a key at all; anything else is not worth a look into the database. */
export function isApiKey(text: string): boolean {
  return FORMAT.test(text);
}

/** What is stored of a key: a push every few seconds must not cost an argon2, and the key's own chance suffices. */
export function hashApiKey(key: string): Buffer {
  return sha256(key);
}

/** What a list shows, so that people can tell their keys apart: the last group. */
export function apiKeyHint(key: string): string {
  return `…${key.slice(-GROUP_LENGTH)}`;
}
