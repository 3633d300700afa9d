import { formatAge } from '../i18n/age.ts';

/** Server's clock minus ours, in milliseconds: a phone's clock may be minutes off, and ages must not be. */
let offsetMs = 0;

export function setServerTime(serverMs: number): void {
  if (Number.isFinite(serverMs)) offsetMs = serverMs - Date.now();
}

/** Counts every age on the page up to now, and marks as old what has become so, even when the server can't be asked any more. */
export function tickAges(): void {
  const now = Date.now() + offsetMs;
  const tag = document.documentElement.dataset['tag'] ?? document.documentElement.lang;
  for (const element of document.querySelectorAll<HTMLTimeElement>('time[data-age]')) {
    const ageS = (now - Date.parse(element.dateTime)) / 1000;
    if (!Number.isFinite(ageS)) continue;
    const text = formatAge(ageS, tag);
    if (element.textContent !== text) element.textContent = text;
    const holder = element.closest<HTMLElement>('[data-freshness="fresh"]');
    if (holder !== null && ageS > Number(holder.dataset['oldAfter'])) holder.dataset['freshness'] = 'old';
  }
}
