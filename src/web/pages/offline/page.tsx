import type { JSX } from 'preact';
import { Icon, SunMark } from '../../components/icon.tsx';
import type { Frame } from '../../page-definition.ts';

/** The script puts in what this browser saw last; without it the page says only what it is. */
export function OfflinePage({ language: { t } }: Frame): JSX.Element {
  const words = t.offline;
  return (
    <div class="mx-auto flex max-w-md flex-col items-center gap-6 pt-8 text-center" data-offline>
      <SunMark class="size-16" />
      <h1 class="font-bold text-3xl">{words.title}</h1>
      <p class="text-muted">{words.text}</p>
      <div class="panel w-full" data-offline-last hidden>
        <p class="eyebrow">{words.last}</p>
        <p class="mt-2" data-freshness="old">
          <span class="figure figure-large" data-offline-now />
        </p>
        <p class="mt-2 text-muted">
          <time data-age dateTime="1970-01-01T00:00:00Z" />
        </p>
        <p class="mt-4 text-muted">
          {words.today} <span class="tabular-nums" data-offline-today />
        </p>
      </div>
      <a href="/" class="btn btn-primary">
        <Icon name="next" />
        {words.again}
      </a>
    </div>
  );
}
