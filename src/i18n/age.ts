/**
 * How long ago something was, in words. Used by the server and, bundled, by the browser, so that both count alike:
 * "vor 40 s", "vor 1 Minute", "2 hours ago". Whole units, rounded down, so that nothing is called older than it is.
 */
const relative = new Map<string, Intl.RelativeTimeFormat>();

/** No-break space: a number and its unit stay on one line. */
export const NBSP = '\u00a0';

export function formatAge(ageS: number, tag: string): string {
  const seconds = Math.max(0, Math.floor(ageS));
  if (seconds < 60) return tag.startsWith('de') ? `vor ${seconds}${NBSP}s` : `${seconds}${NBSP}s ago`;
  const [amount, unit]: [number, Intl.RelativeTimeFormatUnit] =
    seconds < 3600
      ? [Math.floor(seconds / 60), 'minute']
      : seconds < 48 * 3600
        ? [Math.floor(seconds / 3600), 'hour']
        : [Math.floor(seconds / 86_400), 'day'];
  // The number stays with its unit: "vor 5 Minuten" may break after "vor" only.
  return relativeFor(tag).format(-amount, unit).replace(/(\d) /, `$1${NBSP}`);
}

function relativeFor(tag: string): Intl.RelativeTimeFormat {
  let format = relative.get(tag);
  if (format === undefined) {
    format = new Intl.RelativeTimeFormat(tag, { numeric: 'always' });
    relative.set(tag, format);
  }
  return format;
}
