/**
 * Tolerant readers for single JSON values. Bridges send numbers and booleans as strings, ArduinoJson prints float noise and writes
 * `null` for NaN (devices §1.3): what is unambiguous is understood, what is not becomes null, and never an exception.
 */

/** What was read; `rejected` when a value was there but cannot be believed, as opposed to being unknown. */
export interface Scalar<T> {
  value: T | null;
  rejected: boolean;
}

/** How the numbers of one unit are read. The range is in the unit stored, after scaling and rounding. */
export interface NumberRule {
  min: number;
  max: number;
  /** Digits kept behind the point: those of the protocol, because senders print float noise (devices §1.3). */
  decimals: number;
  /** Factor from the unit sent to the unit stored, e.g. 1000 from kWh to Wh. */
  scale?: number;
  /** The source writes 0 where it measured nothing. */
  zeroIsUnknown?: boolean;
}

export type JsonRecord = Record<string, unknown>;

/** Longest text read as a number, a boolean or a time; the rest is no scalar. */
const MAX_SCALAR_LENGTH = 40;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
/** How bridges and home automation spell "no value" (Python, Home Assistant, Node-RED). */
const NO_VALUE = /^(?:|nan|[+-]?inf(?:inity)?|null|none|unknown|unavailable)$/i;

const POWERS_OF_TEN = [1, 10, 100, 1000];
/** Printable ASCII without a blank at either end. */
const PLAIN = /^[!-~](?:[ -~]*[!-~])?$/;

const UNKNOWN = Object.freeze({ value: null, rejected: false });
const REJECTED = Object.freeze({ value: null, rejected: true });

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Rounds to `decimals` digits; never yields negative zero. */
export function roundTo(value: number, decimals: number): number {
  const factor = POWERS_OF_TEN[decimals] ?? 10 ** decimals;
  const rounded = Math.round(value * factor) / factor;
  return rounded === 0 ? 0 : rounded;
}

/** The number a value spells: numbers and plain decimal text (a decimal comma is ambiguous and refused); null when it spells none. */
export function spelledNumber(raw: unknown): number | null {
  if (typeof raw === 'number') return raw;
  if (typeof raw !== 'string' || raw.length > MAX_SCALAR_LENGTH) return null;
  const text = raw.trim();
  return NUMBER.test(text) ? Number(text) : null;
}

/**
 * Reads a measurement. Unknown (absent, null, NaN, "unavailable") is null; what is no number or lies outside the range is null and
 * rejected.
 */
export function readNumber(raw: unknown, rule: NumberRule): Scalar<number> {
  if (isNoValue(raw)) return UNKNOWN;
  const number = spelledNumber(raw);
  if (number === null) return REJECTED;
  const value = roundTo(number * (rule.scale ?? 1), rule.decimals);
  if (rule.zeroIsUnknown === true && value === 0) return UNKNOWN;
  // Written so that NaN and infinities, which 1e400 becomes, fail it too.
  if (!(value >= rule.min && value <= rule.max)) return REJECTED;
  return { value, rejected: false };
}

/** Reads true/false, 1/0 and their spellings as text; anything else that is there is rejected. */
export function readBoolean(raw: unknown): Scalar<boolean> {
  if (isNoValue(raw)) return UNKNOWN;
  const word = typeof raw === 'string' && raw.length <= MAX_SCALAR_LENGTH ? raw.trim().toLowerCase() : raw;
  if (word === true || word === 1 || word === '1' || word === 'true') return { value: true, rejected: false };
  if (word === false || word === 0 || word === '0' || word === 'false') return { value: false, rejected: false };
  return REJECTED;
}

/**
 * Reads a name for people: at most `maxLength` characters, without control characters (PostgreSQL refuses U+0000) and without the
 * replacement characters that remain where firmware cut a name in the middle of a character (devices §1.2). Empty is null.
 */
export function readText(raw: unknown, maxLength: number): Scalar<string> {
  if (raw === undefined || raw === null) return UNKNOWN;
  if (typeof raw !== 'string' && typeof raw !== 'number') return REJECTED;
  // Nearly always it is plain already.
  if (typeof raw === 'string' && raw.length <= maxLength && PLAIN.test(raw)) return { value: raw, rejected: false };
  const text = [...String(raw).slice(0, 4 * maxLength)]
    .slice(0, maxLength)
    .join('')
    .replace(/\p{Cc}/gu, ' ')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/\ufffd+$/, '')
    .trim();
  return { value: text === '' ? null : text, rejected: false };
}

/**
 * A serial as it was sent. Integers are written out (Node-RED sends them so; twelve digits are exact in a double); null when the
 * value is neither text nor such a number.
 */
export function spelledSerial(raw: unknown): string | null {
  if (typeof raw === 'string') return raw;
  return typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= 0 ? String(raw) : null;
}

function isNoValue(raw: unknown): boolean {
  if (raw === undefined || raw === null || Number.isNaN(raw)) return true;
  return typeof raw === 'string' && raw.length <= MAX_SCALAR_LENGTH && NO_VALUE.test(raw.trim());
}
