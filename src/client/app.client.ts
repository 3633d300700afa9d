import { setServerTime, tickAges } from './ages.client.ts';
import { installCharts } from './charts.client.ts';
import { installControls } from './controls.client.ts';
import { forgetLastSeen, rememberLastSeen, showLastSeen } from './last-seen.client.ts';
import { LiveSource } from './live-source.client.ts';

declare global {
  interface Window {
    htmx?: { createEventSource?: (url: string) => EventTarget };
  }
}

/** A short loss is nobody's business: the browser is back before it is read. */
const SAY_LOST_AFTER_MS = 4_000;
const RELOAD_AT_MOST_EVERY_MS = 10_000;

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

/** Not in circles, should server and page disagree about what the page is. */
function reload(): void {
  const last = Number(history.state?.reloadedAt ?? 0);
  if (Date.now() - last < RELOAD_AT_MOST_EVERY_MS) return;
  history.replaceState({ ...history.state, reloadedAt: Date.now() }, '');
  location.reload();
}

if (window.htmx !== undefined) {
  window.htmx.createEventSource = (url) =>
    new LiveSource(url, { onState: showLive, onClock: setServerTime, onReload: reload });
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
tickAges();
window.setInterval(tickAges, 1000);
document.addEventListener('visibilitychange', tickAges);
document.addEventListener('htmx:afterSettle', () => {
  tickAges();
  rememberLastSeen();
});
