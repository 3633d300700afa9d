const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** "Firefox, Android" from a User-Agent, or the program's own first word (`curl/8.5`); null when there is nothing to go by. */
export function deviceName(userAgent: string | null): string | null {
  if (userAgent === null) return null;
  const first = (list: readonly [RegExp, string][]): string[] =>
    list
      .filter(([pattern]) => pattern.test(userAgent))
      .map(([, name]) => name)
      .slice(0, 1);
  const known = [...first(BROWSERS), ...first(SYSTEMS)];
  if (known.length > 0) return known.join(', ');
  return /^[\w.+-]+(\/[\w.+-]+)?/.exec(userAgent)?.[0].slice(0, 40) ?? null;
}
