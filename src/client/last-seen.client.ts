/** The last values this browser was shown, for when the server cannot be reached. Nobody else is told, and signing out forgets them. */
const KEY = 'deye-hard-last';

interface LastSeen {
  now: string;
  today: string;
  /** When the power was measured, ISO 8601. */
  at: string;
}

export function rememberLastSeen(): void {
  const holder = document.querySelector<HTMLElement>('[data-last-seen=now]');
  const now = holder?.querySelector('.figure')?.textContent;
  const at = holder?.querySelector<HTMLTimeElement>('time[data-age]')?.dateTime;
  const today = document.querySelector('[data-last-seen=today] .figure')?.textContent;
  if (now == null || today == null || at === undefined || holder?.dataset['freshness'] !== 'fresh') return;
  keep({ now, today, at });
}

/** On the page that stands in for the server. */
export function showLastSeen(): void {
  const last = kept();
  const box = document.querySelector<HTMLElement>('[data-offline-last]');
  if (last === null || box === null) return;
  fill(box, '[data-offline-now]', last.now);
  fill(box, '[data-offline-today]', last.today);
  const time = box.querySelector('time');
  if (time !== null) time.dateTime = last.at;
  box.hidden = false;
}

/** Nobody is signed in: the values are of somebody who was. */
export function forgetLastSeen(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Storage may be forbidden; then nothing was kept.
  }
}

function fill(box: Element, selector: string, text: string): void {
  const element = box.querySelector(selector);
  if (element !== null) element.textContent = text;
}

function keep(last: LastSeen): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(last));
  } catch {
    // Storage may be forbidden or full: then the offline page shows no values.
  }
}

function kept(): LastSeen | null {
  try {
    const { now, today, at } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<LastSeen>;
    return now === undefined || today === undefined || at === undefined ? null : { now, today, at };
  } catch {
    return null;
  }
}
