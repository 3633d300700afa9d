export type Theme = 'light' | 'dark';

const KEY = 'deye-hard-theme';
const GROUND: Record<Theme, string> = { light: '#f5f4f1', dark: '#0d0f14' };

export function systemTheme(): Theme {
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** Null: follow the system. Storage may be forbidden; then nothing was chosen. */
function storedTheme(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : null;
  } catch {
    return null;
  }
}

export function currentTheme(): Theme {
  return storedTheme() ?? systemTheme();
}

export function applyTheme(): void {
  const chosen = storedTheme();
  if (chosen === null) delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own: Theme = meta.media.includes('dark') ? 'dark' : 'light';
    meta.content = GROUND[chosen ?? own];
  }
}

/** Choosing what the system has anyway means following it again. */
export function chooseTheme(theme: Theme): void {
  try {
    if (theme === systemTheme()) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
    applyTheme();
  } catch {
    document.documentElement.dataset['theme'] = theme;
  }
}
