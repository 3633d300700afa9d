import { chooseTheme, currentTheme } from './theme-store.client.ts';

/** Buttons that need no server. Listens on the document, so that what is swapped in works too. */
export function installControls(): void {
  showTheme();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', showTheme);
  document.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest('[data-theme-toggle]')) {
      chooseTheme(currentTheme() === 'dark' ? 'light' : 'dark');
      showTheme();
    }
    const copy = target?.closest<HTMLElement>('[data-copy]');
    if (copy) void copyFrom(copy);
    for (const menu of document.querySelectorAll<HTMLDetailsElement>('details[data-menu][open]')) {
      if (target === null || !menu.contains(target)) menu.open = false;
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    for (const menu of document.querySelectorAll<HTMLDetailsElement>('details[data-menu][open]')) {
      menu.open = false;
      menu.querySelector('summary')?.focus();
    }
  });
}

function showTheme(): void {
  const isDark = String(currentTheme() === 'dark');
  for (const button of document.querySelectorAll('[data-theme-toggle]')) button.setAttribute('aria-pressed', isDark);
}

async function copyFrom(button: HTMLElement): Promise<void> {
  const text = button.dataset['copy'] ?? '';
  const label = button.querySelector('[data-copy-text]');
  if (label === null || !((await copyModern(text)) || copyOld(text))) return;
  const before = label.textContent;
  const done = button.dataset['copied'] ?? '';
  if (before === done) return;
  label.textContent = done;
  window.setTimeout(() => {
    label.textContent = before;
  }, 2000);
}

async function copyModern(text: string): Promise<boolean> {
  try {
    // Absent where the page came by plain http, as in a home network.
    if (navigator.clipboard === undefined) return false;
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function copyOld(text: string): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'sr-only';
  document.body.append(field);
  field.select();
  const isDone = document.execCommand('copy');
  field.remove();
  return isDone;
}
