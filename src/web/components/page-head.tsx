import type { ComponentChildren, JSX } from 'preact';
import { Icon } from './icon.tsx';

/** The way back, the page's name, and beside it what else belongs to it. */
export function PageHead({
  back,
  title,
  children,
}: {
  back: { href: string; words: string };
  title: ComponentChildren;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <>
      <a
        href={back.href}
        class="-ml-2 inline-flex items-center gap-1 rounded-full py-1 pr-3 pl-1 text-muted hover:text-base-content"
      >
        <Icon name="back" />
        {back.words}
      </a>
      <div class="mt-1 mb-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-2 md:mb-6">
        <h1 class="min-w-0 font-bold text-2xl md:text-3xl">{title}</h1>
        {children}
      </div>
    </>
  );
}
