import type { JSX } from 'preact';
import { Icon, type IconName } from '../components/icon.tsx';
import { useView } from '../view.ts';

const ICONS: Readonly<Record<number, IconName>> = {
  403: 'user',
  404: 'moon',
  429: 'clock',
  500: 'alert',
  503: 'unplugged',
};

interface ErrorPageProps {
  status: number;
  /** Found again in the log. */
  requestId: string | null;
}

export function ErrorPage({ status, requestId }: ErrorPageProps): JSX.Element {
  const { t } = useView();
  const { title, text } = errorWords(t.error, status);
  const isOurs = status >= 500;
  return (
    <div class="mx-auto flex max-w-md flex-col items-center gap-4 pt-10 text-center md:pt-20">
      <span class={`flex size-20 items-center justify-center rounded-full ${isOurs ? 'chip-problem' : 'bg-base-300'}`}>
        <Icon name={ICONS[status] ?? 'alert'} class="size-10" />
      </span>
      <p class="eyebrow tabular-nums">{status}</p>
      <h1 class="font-bold text-3xl">{title}</h1>
      <p class="text-muted">{text}</p>
      {/* Not "the same address again": what was posted must not be posted twice by a link. */}
      <a href="/" class="btn btn-primary mt-2">
        {t.error.home}
      </a>
      {isOurs && requestId !== null ? (
        <p class="text-muted text-sm">
          {t.error.request} <code class="select-all">{requestId}</code>
        </p>
      ) : null}
    </div>
  );
}

export function errorWords<T extends { other: { title: string; text: string } }>(
  words: T,
  status: number,
): { title: string; text: string } {
  return (
    (words as unknown as Record<string, { title: string; text: string } | undefined>)[String(status)] ?? words.other
  );
}
