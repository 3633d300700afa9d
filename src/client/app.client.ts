import { setServerTime, tickAges } from './ages.client.ts';
import { installCharts } from './charts.client.ts';
import { installControls } from './controls.client.ts';
import { rememberFont } from './font-store.client.ts';
import { forgetLastSeen, rememberLastSeen, showLastSeen } from './last-seen.client.ts';
import { LiveSource } from './live-source.client.ts';
import { installPeriodDate } from './period-date.client.ts';

declare global {
  interface Window {
    htmx?: {
      createEventSource?: (url: string) => EventTarget;
      ajax(method: 'GET', path: string, context: { target: string; swap: string }): Promise<void>;
    };
  }
}

/** A short loss is nobody's business: the browser is back before it is read. */
const SAY_LOST_AFTER_MS = 4_000;
const REFRESH_GAP_MS = 2_000;
const REFRESH_CALM_MS = 60_000;
const LOOK_AGAIN_MS = 1_000;

let lostTimer = 0;

function showLive(isOpen: boolean): void {
  if (isOpen) {
    clearTimeout(lostTimer);
    lostTimer = 0;
    say('open', '');
  } else if (lostTimer === 0) {
    // Counted from the first loss: every attempt that fails is one more.
    lostTimer = window.setTimeout(() => say('lost', 'liveText'), SAY_LOST_AFTER_MS);
  }
}

/** The words are put in only when they are true: that is when screen readers read them out. */
function say(state: 'open' | 'lost', words: string): void {
  document.documentElement.dataset['live'] = state;
  const text = document.querySelector<HTMLElement>('[data-live-text]');
  if (text !== null) text.textContent = text.dataset[words] ?? '';
}

let refreshTimer = 0;
let refreshedAt = 0;
let gapMs = REFRESH_GAP_MS;

/** The page has become another. Ever more slowly, should server and page disagree about what it is. */
function refreshSoon(): void {
  if (refreshTimer !== 0) return;
  const sinceMs = Date.now() - refreshedAt;
  gapMs = sinceMs < REFRESH_CALM_MS ? Math.min(2 * gapMs, REFRESH_CALM_MS) : REFRESH_GAP_MS;
  refreshTimer = window.setTimeout(refresh, Math.max(0, gapMs - sinceMs));
}

/** Its content is read again in its place; not while somebody fills in a form on it, whose words would be lost. */
function refresh(): void {
  if (isBeingFilledIn()) {
    refreshTimer = window.setTimeout(refresh, LOOK_AGAIN_MS);
    return;
  }
  refreshTimer = 0;
  refreshedAt = Date.now();
  void window.htmx?.ajax('GET', `${location.pathname}${location.search}`, {
    target: '#main',
    swap: 'innerHTML show:none',
  });
}

function isBeingFilledIn(): boolean {
  const fields = document.querySelectorAll<HTMLInputElement>('#main form input:not([type=hidden])');
  return [...fields].some((field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked);
}

if (window.htmx !== undefined) {
  window.htmx.createEventSource = (url) =>
    new LiveSource(url, { onState: showLive, onClock: setServerTime, onReload: refreshSoon });
}

/** Also where the page that stands in for the server was opened: its own time is that of the day it was kept. */
const isOffline = document.querySelector('[data-offline]') !== null;
if (isOffline) showLastSeen();
else {
  setServerTime(Number(document.body.dataset['serverTime']));
  if (document.body.dataset['visitor'] !== undefined) forgetLastSeen();
  rememberLastSeen();
}
// Only where the page came by https or from this machine; elsewhere browsers have no workers, and everything goes without.
if ('serviceWorker' in navigator) void navigator.serviceWorker.register('/worker.js').catch(() => undefined);
installControls();
installCharts();
installPeriodDate();
void rememberFont();
tickAges();
window.setInterval(tickAges, 1000);
document.addEventListener('visibilitychange', tickAges);
document.addEventListener('htmx:afterSettle', () => {
  tickAges();
  rememberLastSeen();
});
