import type { JSX } from 'preact';
import { NBSP } from '../../i18n/age.ts';
import type { Quantity } from '../../i18n/format.ts';
import { useView } from '../view.ts';

type Size = 'hero' | 'large' | 'medium';

/** A large number with its unit. Unknown is a dash, said as "unknown", and never 0. */
export function Figure({ of, size = 'medium' }: { of: Quantity | null; size?: Size }): JSX.Element {
  return (
    <span class={`figure figure-${size}`}>
      {of === null ? (
        <Unknown />
      ) : (
        <>
          {of.value}
          <span class="figure-unit">
            {NBSP}
            {of.unit}
          </span>
        </>
      )}
    </span>
  );
}

export function Unknown(): JSX.Element {
  const { t } = useView();
  return (
    <>
      <span aria-hidden="true">–</span>
      <span class="sr-only">{t.app.unknown}</span>
    </>
  );
}

/** A name somebody typed: any script, any length, and its direction stays its own. */
export function Name({ children }: { children: string }): JSX.Element {
  return <bdi class="name">{children}</bdi>;
}
