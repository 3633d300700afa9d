import type { ComponentChildren, JSX } from 'preact';
import { Icon } from '../components/icon.tsx';
import { useView } from '../view.ts';
import { GUIDE_KINDS, type GuideKind } from './kinds.ts';

interface StepProps {
  number: number;
  title: string;
  /** `later`: only its title, for it needs the ones before. */
  status: 'done' | 'now' | 'later';
  children?: ComponentChildren;
}

export function Step({ number, title, status, children }: StepProps): JSX.Element {
  const { t } = useView();
  const mark = {
    done: 'bg-success text-success-content',
    now: 'bg-primary text-primary-content',
    later: 'bg-base-300 text-base-content',
  }[status];
  return (
    <li class="panel">
      <div class="flex items-center gap-3">
        <span
          class={`flex size-8 shrink-0 items-center justify-center rounded-full font-bold ${mark}`}
          aria-hidden="true"
        >
          {status === 'done' ? <Icon name="check" /> : number}
        </span>
        <h2 class={`font-bold text-lg leading-tight ${status === 'later' ? 'text-muted' : ''}`}>
          <span class="sr-only">{t.guide.step(number)}: </span>
          {title}
        </h2>
      </div>
      {children === undefined ? null : <div class="mt-4 md:ml-11">{children}</div>}
    </li>
  );
}

export function ChooseKind({ chosen }: { chosen: GuideKind | null }): JSX.Element {
  const { t } = useView();
  return (
    <ul class="grid gap-3 md:grid-cols-3">
      {GUIDE_KINDS.map((kind) => (
        <li key={kind}>
          <a
            href={`/inverters/new?kind=${kind}`}
            class="choice flex h-full flex-col gap-1 rounded-field border border-base-300 p-4 hover:border-muted"
            aria-current={kind === chosen ? 'true' : undefined}
          >
            <span class="flex items-center justify-between gap-2 font-semibold">
              {t.kind[kind]}
              {kind === chosen ? <Icon name="checkCircle" class="size-5 text-sun-ink" /> : null}
            </span>
            <span class="text-muted text-sm">{t.guide.kinds[kind]}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
