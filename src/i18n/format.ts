import { formatAge, NBSP } from './age.ts';
import type { LocaleTag } from './locale-tags.ts';

/** A number as people write it, apart from its unit, so that the unit can be set smaller. */
export interface Quantity {
  value: string;
  unit: string;
}

const MOMENTS = {
  time: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  weekday: { weekday: 'short' },
  date: { day: 'numeric', month: 'numeric' },
  month: { month: 'short' },
  year: { year: 'numeric' },
  dayTime: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  fullDay: { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' },
  fullMonth: { month: 'long', year: 'numeric' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;
/** Who reads English reads `05/06` as the fifth of June or as the sixth of May; `5.6.` is read in one way only. */
const ENGLISH_DATE = { day: 'numeric', month: 'short' } as const;
export type MomentStyle = keyof typeof MOMENTS;

/** Numbers, times and ages in one language and region. Makes no decisions about unknown values: they never get here. */
export class Formatter {
  readonly tag: LocaleTag;
  readonly #numbers = new Map<string, Intl.NumberFormat>();
  readonly #dates = new Map<string, Intl.DateTimeFormat>();

  constructor(tag: LocaleTag) {
    this.tag = tag;
  }

  /** With exactly `digits` decimals. */
  number(value: number, digits = 0): string {
    return this.#number(digits, digits).format(value);
  }

  /**
   * W below a kilowatt, then kW with two decimals: `1.234 W` would be read as one by half of Europe and as a thousand by the rest.
   * Below that the tenths a device tells are shown: what was sent is what is seen.
   */
  powerParts(watts: number): Quantity {
    const size = Math.abs(watts);
    if (Math.round(size) >= 1000) return { value: this.number(watts / 1000, size < 99_995 ? 2 : 1), unit: 'kW' };
    if (size < 999.95 && Math.round(size * 10) % 10 !== 0) return { value: this.number(watts, 1), unit: 'W' };
    return { value: this.number(Math.round(watts)), unit: 'W' };
  }

  /** kWh with two decimals, fewer as it grows; less than 100 Wh in Wh, so that a first watt-hour is not shown as `0.00 kWh`. */
  energyParts(wattHours: number): Quantity {
    const size = Math.abs(wattHours);
    if (size > 0 && size < 100) return { value: this.number(wattHours), unit: 'Wh' };
    const digits = size < 100_000 ? 2 : size < 1_000_000 ? 1 : 0;
    return { value: this.number(wattHours / 1000, digits), unit: 'kWh' };
  }

  power(watts: number): string {
    return joined(this.powerParts(watts));
  }

  energy(wattHours: number): string {
    return joined(this.energyParts(wattHours));
  }

  quantity(value: number, unit: string, digits: number): string {
    return joined({ value: this.number(value, digits), unit });
  }

  percent(share: number): string {
    return this.#percent().format(share);
  }

  age(ageS: number): string {
    return formatAge(ageS, this.tag);
  }

  /** `13:05`, on a 24-hour clock in either language. */
  time(at: Date, timeZone: string): string {
    return this.#date('time', timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
  }

  /** Day, month, year and time. */
  dateTime(at: Date, timeZone: string): string {
    const options: Intl.DateTimeFormatOptions = { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' };
    return this.#date('dateTime', timeZone, options).format(at);
  }

  /** A moment as it stands under a chart or over one. */
  moment(at: Date, timeZone: string, style: MomentStyle): string {
    const isEnglishDate = style === 'date' && this.tag.startsWith('en');
    return this.#date(style, timeZone, isEnglishDate ? ENGLISH_DATE : MOMENTS[style]).format(at);
  }

  /** From the first to the last day of a stretch, what they share said once: "8.–14. Juni 2026". */
  days(first: Date, last: Date, timeZone: string): string {
    return this.#date('days', timeZone, { day: 'numeric', month: 'long', year: 'numeric' }).formatRange(first, last);
  }

  /** From one moment to another, each with its day and year, what they share said once. */
  span(from: Date, to: Date, timeZone: string): string {
    const options: Intl.DateTimeFormatOptions = {
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    };
    return this.#date('span', timeZone, options).formatRange(from, to);
  }

  /** Two moments of a day or two. */
  hours(from: Date, to: Date, timeZone: string): string {
    const options: Intl.DateTimeFormatOptions = {
      day: 'numeric',
      month: 'long',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    };
    return this.#date('hours', timeZone, options).formatRange(from, to);
  }

  /** Weekday, day and month: the heading of a day. */
  day(at: Date, timeZone: string): string {
    return this.#date('day', timeZone, { weekday: 'long', day: 'numeric', month: 'long' }).format(at);
  }

  #number(min: number, max: number): Intl.NumberFormat {
    return remembered(
      this.#numbers,
      `${min} ${max}`,
      () =>
        new Intl.NumberFormat(this.tag, {
          minimumFractionDigits: min,
          maximumFractionDigits: max,
          signDisplay: 'negative',
        }),
    );
  }

  #percent(): Intl.NumberFormat {
    return remembered(
      this.#numbers,
      '%',
      () => new Intl.NumberFormat(this.tag, { style: 'percent', maximumFractionDigits: 0 }),
    );
  }

  #date(name: string, timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    // Zones come from the accounts; a bound keeps a strange account from filling the memory.
    if (this.#dates.size > 200) this.#dates.clear();
    return remembered(
      this.#dates,
      `${name} ${timeZone}`,
      () => new Intl.DateTimeFormat(this.tag, { ...options, timeZone }),
    );
  }
}

function joined({ value, unit }: Quantity): string {
  return `${value}${NBSP}${unit}`;
}

function remembered<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
