import type { ComponentChildren, JSX } from 'preact';
import { LIVE_PATH } from '../live-path.ts';

interface LiveRegionProps {
  topic: string;
  /** What kind of page this is now; the server says "reload" when that is over. */
  shape?: string;
  /** The part of the page's address that says what it shows (a period). */
  query?: string;
  class?: string;
  children: ComponentChildren;
}

/** Everything in it that is a `LivePart` is exchanged as news arrive. One on a page: a browser has six connections to a host. */
export function LiveRegion({
  topic,
  shape = '',
  query = '',
  class: className,
  children,
}: LiveRegionProps): JSX.Element {
  const address = new URLSearchParams({
    topic,
    ...(shape === '' ? {} : { shape }),
    ...(query === '' ? {} : { query }),
  });
  return (
    <div class={className} hx-ext="sse" sse-connect={`${LIVE_PATH}?${address}`} data-live-source>
      {children}
    </div>
  );
}

export function LivePart({
  name,
  class: className,
  children,
}: { name: string } & Pick<LiveRegionProps, 'class' | 'children'>): JSX.Element {
  return (
    <div class={className} sse-swap={name} hx-swap="innerHTML show:none">
      {children}
    </div>
  );
}
