import type { ComponentChildren, JSX } from 'preact';
import { dayBounds, localDate } from '../../domain/period.ts';
import {
  CALENDAR_KINDS,
  type PeriodChoice,
  type PeriodKind,
  ROLLING_KINDS,
  type ShownPeriod,
} from '../../domain/shown-period.ts';
import type { Language } from '../../i18n/locale.ts';
import { periodQuery } from '../period-query.ts';
import { useView } from '../view.ts';
import { Icon } from './icon.tsx';

interface PeriodControlProps {
  period: ShownPeriod;
  /** The page it stands on. */
  path: string;
  /** What else the page's address says and shall go on saying. */
  more?: Record<string, string>;
  /** Whether its charts can show the period before beside this one. */
  canCompare?: boolean;
}

/** The one control of all charts: plain links and a form, so that addresses, the back button and browsers without scripts work. */
export function PeriodControl({ period, path, more = {}, canCompare = true }: PeriodControlProps): JSX.Element {
  const { t } = useView();
  const { choice, previous, next } = period;
  const href = (to: PeriodChoice): string => `${path}?${periodQuery(to, more)}`;
  return (
    <section aria-label={t.period.label} class="mb-3 flex flex-col gap-3 md:mb-4" data-period>
      <div class="flex flex-col gap-2 lg:flex-row lg:items-center lg:justify-between">
        <Pills
          label={t.period.calendar}
          kinds={CALENDAR_KINDS}
          chosen={choice.kind}
          href={(kind) => href(into(kind, period))}
        />
        <Pills
          label={t.period.untilNow}
          kinds={ROLLING_KINDS}
          chosen={choice.kind}
          href={(kind) => href(into(kind, period))}
        />
      </div>
      <div class="flex flex-wrap items-center gap-2">
        <div class="flex w-full min-w-0 items-center gap-1 sm:w-auto">
          <Step name="previous" to={previous === null ? null : href(previous)} />
          <p class="min-w-0 flex-1 text-center font-semibold tabular-nums sm:min-w-60" aria-live="polite">
            <PeriodTitle period={period} />
          </p>
          <Step name="next" to={next === null ? null : href(next)} />
        </div>
        <div class="flex flex-1 flex-wrap items-center gap-1 sm:justify-end sm:gap-2">
          {period.isRunning ? null : (
            <PeriodLink id="period-today" href={href({ ...choice, date: null, until: null })} class="quiet-button">
              {t.period.today}
            </PeriodLink>
          )}
          {choice.kind === 'total' ? null : <DatePicker period={period} path={path} more={more} />}
          {previous === null || !canCompare ? null : (
            <PeriodLink
              id="period-compare"
              href={href({ ...choice, compare: !choice.compare })}
              class="quiet-button"
              label={choice.compare ? t.period.compareOff : t.period.compareWith}
            >
              {choice.compare ? t.period.compareOff : t.period.compare}
            </PeriodLink>
          )}
        </div>
      </div>
      {choice.kind === 'total' ? null : <UnshownDate period={period} />}
    </section>
  );
}

const DATE_NOTE = 'period-date-note';

/** Why the field shows another date than was written into it. */
function UnshownDate({ period: { unshownDate, timeZone } }: Pick<PeriodControlProps, 'period'>): JSX.Element | null {
  const { t, fmt, now } = useView();
  if (unshownDate === null) return null;
  const date = fmt.moment(dayBounds(unshownDate, timeZone).from, timeZone, 'fullDay');
  return (
    <p id={DATE_NOTE} role="status" class="text-muted text-sm sm:text-right">
      {(unshownDate > localDate(now, timeZone) ? t.period.notYet : t.period.tooLongAgo)(date)}
    </p>
  );
}

/** In words what stretch of time is shown. */
export function PeriodTitle({ period }: { period: ShownPeriod }): JSX.Element {
  const { t, fmt } = useView();
  return <>{periodTitle(period, { t, fmt })}</>;
}

/** The same as text. */
export function periodTitle(
  { from, to, timeZone, isRunning, choice: { kind } }: ShownPeriod,
  { t, fmt }: Pick<Language, 't' | 'fmt'>,
): string {
  const last = new Date(to.getTime() - 1);
  if (kind === 'day') return fmt.moment(from, timeZone, 'fullDay');
  if (kind === 'month') return fmt.moment(from, timeZone, 'fullMonth');
  if (kind === 'year') return fmt.moment(from, timeZone, 'year');
  if (kind === 'total') {
    const years = [from, last].map((at) => fmt.moment(at, timeZone, 'year'));
    return [...new Set(years)].join('–');
  }
  if (kind === 'week' || kind === '7d' || kind === '30d') return fmt.days(from, last, timeZone);
  return isRunning ? t.period.names[kind] : fmt.hours(from, to, timeZone);
}

/** Another length at the same place: the month of the day that was open, the day a month ended with. */
function into(kind: PeriodKind, { choice, isRunning, lastDate }: ShownPeriod): PeriodChoice {
  const isHours = kind === '1h' || kind === '6h' || kind === '24h';
  return {
    kind,
    compare: choice.compare,
    until: null,
    date: isRunning || isHours || kind === 'total' ? null : lastDate,
  };
}

function Pills({
  label,
  kinds,
  chosen,
  href,
}: {
  label: string;
  kinds: readonly PeriodKind[];
  chosen: PeriodKind;
  href: (kind: PeriodKind) => string;
}): JSX.Element {
  const { t } = useView();
  // Who speaks to the page says what is written; who listens hears what it means.
  const labelOf = (kind: PeriodKind): string => {
    const [short, name] = [t.period.kinds[kind], t.period.names[kind]];
    return short === name ? name : `${short}: ${name}`;
  };
  return (
    <ul aria-label={label} class="pills">
      {kinds.map((kind) => (
        <li key={kind}>
          <PeriodLink
            id={`period-${kind}`}
            href={href(kind)}
            class="pill"
            isChosen={kind === chosen}
            label={labelOf(kind)}
          >
            {t.period.kinds[kind]}
          </PeriodLink>
        </li>
      ))}
    </ul>
  );
}

interface PeriodLinkProps {
  /** Unique on the page: the reader stays on it when the page's content is exchanged. */
  id: string;
  href: string;
  class: string;
  isChosen?: boolean;
  /** Said instead of what is written. */
  label?: string;
  children: ComponentChildren;
}

/** With scripts only the content is exchanged, and the place on the page stays. */
export function PeriodLink({ id, href, class: className, isChosen, label, children }: PeriodLinkProps): JSX.Element {
  return (
    <a
      id={id}
      href={href}
      class={className}
      aria-current={isChosen === true ? 'true' : undefined}
      aria-label={label}
      {...exchange(href)}
    >
      {children}
    </a>
  );
}

function exchange(href: string): Record<string, string> {
  return {
    'hx-get': href,
    'hx-target': '#main',
    'hx-swap': 'innerHTML show:none',
    'hx-push-url': 'true',
    'hx-indicator': '#charts',
  };
}

function Step({ name, to }: { name: 'previous' | 'next'; to: string | null }): JSX.Element {
  const { t } = useView();
  const icon = <Icon name={name === 'previous' ? 'back' : 'next'} />;
  if (to === null) {
    return (
      <span class="icon-button shrink-0 opacity-30" aria-hidden="true">
        {icon}
      </span>
    );
  }
  return (
    <a
      id={`period-${name}`}
      href={to}
      class="icon-button shrink-0 bg-base-100"
      aria-label={t.period[name]}
      data-period-step={name}
      {...exchange(to)}
    >
      {icon}
    </a>
  );
}

/** A date leads to the period of the same length that it lies in; from some hours, to its day. */
function DatePicker({
  period,
  path,
  more,
}: Required<Pick<PeriodControlProps, 'period' | 'path' | 'more'>>): JSX.Element {
  const { t, now } = useView();
  const { choice, lastDate, timeZone, unshownDate } = period;
  const isHours = choice.kind === '1h' || choice.kind === '6h' || choice.kind === '24h';
  const today = localDate(now, timeZone);
  return (
    <form
      action={path}
      class="flex items-center gap-2"
      {...exchange(path)}
      // A year that is being typed is not a date yet: it is refused by the field's own limits.
      hx-trigger="change delay:400ms, submit"
    >
      <input type="hidden" name="period" value={isHours ? 'day' : choice.kind} />
      {choice.compare ? <input type="hidden" name="compare" value="1" /> : null}
      {Object.entries(more).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <label for="period-date" class="sr-only">
        {t.period.pick}
      </label>
      <input
        id="period-date"
        type="date"
        name="date"
        class="input input-sm w-34 rounded-full"
        value={lastDate > today ? today : lastDate}
        max={today}
        min="2000-01-01"
        aria-describedby={unshownDate === null ? undefined : DATE_NOTE}
      />
      <button type="submit" class="quiet-button no-js-only">
        {t.period.show}
      </button>
    </form>
  );
}
