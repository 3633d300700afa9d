/** Where the font is served; put in by the build. */
declare const FONT: string;

const KEY = 'deye-hard-font';

/**
 * Has a font that this browser once got read from its cache before the first words are drawn, so that they do not change under the
 * reader. On a first visit it would only hold up the page, on a slow line by a fifth of a second; then words come in the system's font
 * first.
 */
export function preloadKnownFont(): void {
  try {
    if (localStorage.getItem(KEY) !== FONT) return;
  } catch {
    return;
  }
  const link = document.createElement('link');
  Object.assign(link, { rel: 'preload', as: 'font', type: 'font/woff2', crossOrigin: 'anonymous', href: FONT });
  document.head.append(link);
}

/** Once it is there. Where storage is forbidden, every visit is a first one. */
export async function rememberFont(): Promise<void> {
  await document.fonts.ready;
  if (![...document.fonts].some(({ status }) => status === 'loaded')) return;
  try {
    localStorage.setItem(KEY, FONT);
  } catch {
    // As said.
  }
}
