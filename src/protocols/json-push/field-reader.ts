import { InvalidInput } from '../../domain/errors.ts';
import {
  isRecord,
  type JsonRecord,
  type NumberRule,
  readBoolean,
  readNumber,
  readText,
  type Scalar,
  spelledNumber,
} from './scalars.ts';

/** One row of a protocol's table: the sender's key, our name for it, and how its number is read. */
export interface FieldRow<Metric extends string> {
  key: string;
  metric: Metric;
  rule: NumberRule;
}

/**
 * Reads the known keys of one JSON object, ignores all others, and remembers which values were rejected, by path
 * (`dc_channels[0].power`). Looks at own keys only, so that `__proto__` and the like are ordinary unknown keys.
 */
export class FieldReader {
  readonly #record: JsonRecord;
  readonly #path: string;
  readonly #rejected: Set<string>;

  constructor(record: JsonRecord, path = '', rejected = new Set<string>()) {
    this.#record = record;
    this.#path = path;
    this.#rejected = rejected;
  }

  /** Paths of the values that were there but could not be believed, in the order they were read. */
  get rejected(): readonly string[] {
    return [...this.#rejected];
  }

  raw(key: string): unknown {
    return Object.hasOwn(this.#record, key) ? this.#record[key] : undefined;
  }

  number(key: string, rule: NumberRule): number | null {
    return this.#noted(key, readNumber(this.raw(key), rule));
  }

  /** A number that counts things: an input's number is never rounded to its neighbour's. */
  integer(key: string, min: number, max: number): number | null {
    const number = spelledNumber(this.raw(key));
    const isValid = number !== null && Number.isInteger(number) && number >= min && number <= max;
    return this.#noted(key, { value: isValid ? number : null, rejected: number !== null && !isValid });
  }

  boolean(key: string): boolean | null {
    return this.#noted(key, readBoolean(this.raw(key)));
  }

  text(key: string, maxLength: number): string | null {
    return this.#noted(key, readText(this.raw(key), maxLength));
  }

  /** All rows of a table at once. */
  numbers<Metric extends string>(rows: readonly FieldRow<Metric>[]): Record<Metric, number | null> {
    const values = {} as Record<Metric, number | null>;
    for (const { key, metric, rule } of rows) values[metric] = this.number(key, rule);
    return values;
  }

  /**
   * The object under `key`; an empty one when it is absent or null.
   * @throws InvalidInput when something else stands there
   */
  section(key: string): FieldReader {
    const value = this.raw(key) ?? {};
    if (!isRecord(value)) throw this.#unusable(key, 'must be an object');
    return new FieldReader(value, this.#at(key), this.#rejected);
  }

  /**
   * A reader for each object of the list under `key`, at most `limit`; no list is an empty one. Elements that are no objects, and
   * those beyond the limit, are rejected.
   * @throws InvalidInput when something else than a list stands there
   */
  list(key: string, limit: number): { readers: FieldReader[]; complete: boolean } {
    const value = this.raw(key) ?? [];
    if (!Array.isArray(value)) throw this.#unusable(key, 'must be a list');
    const readers: FieldReader[] = [];
    for (const [index, element] of value.slice(0, limit).entries()) {
      const path = `${this.#at(key)}[${index}]`;
      if (isRecord(element)) readers.push(new FieldReader(element, path, this.#rejected));
      else this.#rejected.add(path);
    }
    if (value.length > limit) this.reject(key);
    return { readers, complete: readers.length === value.length };
  }

  /** Notes that the value of `key` cannot be believed; for rules that need more than the value itself. */
  reject(key: string): void {
    this.#rejected.add(this.#at(key));
  }

  #unusable(key: string, why: string): InvalidInput {
    return new InvalidInput(`${this.#at(key)} ${why}`, { [this.#at(key)]: why });
  }

  #at(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }

  #noted<T>(key: string, scalar: Scalar<T>): T | null {
    if (scalar.rejected) this.reject(key);
    return scalar.value;
  }
}
