import type { JSX } from 'preact';
import { useView } from '../view.ts';
import { Icon } from './icon.tsx';

/** How long ago, counted on by the browser every second. */
export function Age({ at, timeZone }: { at: Date; timeZone: string }): JSX.Element {
  const { fmt, now } = useView();
  return (
    <time dateTime={at.toISOString()} title={fmt.dateTime(at, timeZone)} data-age>
      {fmt.age((now.getTime() - at.getTime()) / 1000)}
    </time>
  );
}

/** Stands beside a value that is no longer true; shown only then. */
export function OldMark(): JSX.Element {
  const { t } = useView();
  return (
    <span class="old-mark chip chip-quiet">
      <Icon name="clock" class="size-4" />
      {t.age.old}
    </span>
  );
}

/**
 * Marks what is inside as old once its `Age` says so, even when the server can no longer be asked. `isOld`: the server knows already.
 */
export function freshness(isOld: boolean, staleAfterS: number): { 'data-freshness': string; 'data-old-after': string } {
  return { 'data-freshness': isOld ? 'old' : 'fresh', 'data-old-after': String(Math.ceil(staleAfterS)) };
}
