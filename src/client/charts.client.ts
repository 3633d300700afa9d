/** A quick stroke across the charts; slower is somebody reading values off with a finger. */
const SWIPE_PX = 60;
const SWIPE_MS = 500;

/** What a pointer over a chart shows, and the ways from period to period that are not links. Without it everything is still there. */
export function installCharts(): void {
  document.addEventListener('pointermove', (event) => showAt(event));
  document.addEventListener('pointerdown', (event) => showAt(event));
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target instanceof Element && event.target.closest('input, textarea, select, [data-chart-table]')) return;
    if (event.key === 'ArrowLeft') step('previous');
    else if (event.key === 'ArrowRight') step('next');
  });
  installSwipe();
}

function step(name: 'previous' | 'next'): void {
  document.querySelector<HTMLElement>(`[data-period-step="${name}"]`)?.click();
}

function installSwipe(): void {
  let start: { x: number; y: number; at: number } | null = null;
  document.addEventListener('pointerdown', ({ target, pointerType, clientX, clientY, timeStamp }) => {
    const isOnCharts = target instanceof Element && target.closest('[data-charts]') !== null;
    start = isOnCharts && pointerType === 'touch' ? { x: clientX, y: clientY, at: timeStamp } : null;
  });
  document.addEventListener('pointerup', ({ clientX, clientY, timeStamp }) => {
    if (start === null || timeStamp - start.at > SWIPE_MS) return;
    const [dx, dy] = [clientX - start.x, clientY - start.y];
    start = null;
    if (Math.abs(dx) < SWIPE_PX || Math.abs(dx) < 2 * Math.abs(dy)) return;
    step(dx > 0 ? 'previous' : 'next');
  });
  document.addEventListener('pointercancel', () => {
    start = null;
  });
}

let shown: { figure: Element; tip: HTMLElement; cursor: SVGElement | null } | null = null;

function showAt({ target, clientX }: PointerEvent): void {
  const figure = target instanceof Element ? target.closest('[data-chart]') : null;
  const plot = figure?.querySelector<SVGElement>('.chart-plot[role=img]') ?? null;
  const bounds = plot?.getBoundingClientRect();
  const isOverPlot = target instanceof Element && target.closest('.chart-plot') !== null;
  if (figure === null || bounds === undefined || !isOverPlot) {
    hide();
    return;
  }
  const row = nearestRow(figure, ((clientX - bounds.left) / bounds.width) * 1000);
  if (row === null) {
    hide();
    return;
  }
  if (shown?.figure !== figure || !shown.tip.isConnected) {
    hide();
    const tip = document.createElement('div');
    tip.className = 'chart-tip';
    // What it says is in the table.
    tip.setAttribute('aria-hidden', 'true');
    figure.append(tip);
    shown = { figure, tip, cursor: figure.querySelector<SVGElement>('[data-chart-cursor]') };
  }
  const x = Number(row.dataset['x']) / 1000;
  shown.tip.replaceChildren(...wordsOf(figure, row));
  shown.cursor?.setAttribute('x1', `${x * 100}%`);
  shown.cursor?.setAttribute('x2', `${x * 100}%`);
  shown.cursor?.style.setProperty('visibility', 'visible');
  const figureBounds = figure.getBoundingClientRect();
  const at = bounds.left - figureBounds.left + x * bounds.width;
  // On the side where there is room, away from the finger.
  const left = x > 0.5 ? at - shown.tip.offsetWidth - 12 : at + 12;
  shown.tip.style.transform = `translateX(${Math.max(0, Math.min(left, figureBounds.width - shown.tip.offsetWidth))}px)`;
}

function hide(): void {
  shown?.tip.remove();
  shown?.cursor?.style.removeProperty('visibility');
  shown = null;
}

/** In the table under the drawing, whose rows know their place in it. */
function nearestRow(figure: Element, x: number): HTMLElement | null {
  let nearest: HTMLElement | null = null;
  let distance = Number.POSITIVE_INFINITY;
  for (const row of figure.querySelectorAll<HTMLElement>('tr[data-x]')) {
    const away = Math.abs(Number(row.dataset['x']) - x);
    if (away >= distance) continue;
    nearest = row;
    distance = away;
  }
  return nearest;
}

function wordsOf(figure: Element, row: HTMLElement): HTMLElement[] {
  const names = [...figure.querySelectorAll<HTMLElement>('thead th')].slice(1);
  const head = document.createElement('strong');
  head.textContent = row.querySelector('th')?.textContent ?? '';
  const lines = [...row.querySelectorAll('td')].map((cell, index) => {
    const line = document.createElement('div');
    const series = names[index]?.dataset['series'];
    if (series !== undefined) {
      const dot = document.createElement('span');
      dot.className = `legend-dot series-${series}`;
      line.append(dot, ' ');
    }
    // The dash for the eye, not the word for the ear.
    const value = cell.querySelector('[aria-hidden]')?.textContent ?? cell.textContent ?? '';
    line.append(names.length > 1 ? `${names[index]?.textContent ?? ''} ${value}` : value);
    return line;
  });
  return [head, ...lines];
}
