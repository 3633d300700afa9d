import type { JSX } from 'preact';
import { AddForm } from '../components/add-form.tsx';
import type { Frame } from '../page-definition.ts';
import type { GuideKind } from './kinds.ts';
import { ChooseKind, Step } from './steps.tsx';

/** The first half of the guide: what it is, and which one. The second half begins when it is registered. */
export function BeginGuide({
  frame,
  kind,
  isWelcome,
}: {
  frame: Frame;
  kind: GuideKind | null;
  isWelcome: boolean;
}): JSX.Element {
  const { t } = frame.language;
  return (
    <div class="mx-auto max-w-3xl">
      <h1 class="font-bold text-2xl md:text-3xl">{t.guide.title}</h1>
      {isWelcome ? <p class="mt-2 text-lg text-muted">{t.guide.welcome}</p> : null}
      <ol class="mt-6 flex flex-col gap-3">
        <Step number={1} title={t.guide.choose} status={kind === null ? 'now' : 'done'}>
          <ChooseKind chosen={kind} />
        </Step>
        {kind === null ? (
          <Step number={2} title={t.guide.register} status="later" />
        ) : (
          <Step number={2} title={t.guide.register} status="now">
            <AddForm frame={frame} action="/inverters/new" kind={kind} />
          </Step>
        )}
        <Step number={3} title={t.guide.enter} status="later" />
        <Step number={4} title={t.guide.wait} status="later" />
      </ol>
    </div>
  );
}
