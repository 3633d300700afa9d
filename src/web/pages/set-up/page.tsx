import type { JSX } from 'preact';
import { Name } from '../../components/figure.tsx';
import { LivePart, LiveRegion } from '../../components/live-region.tsx';
import { isGuideKind } from '../../guide/kinds.ts';
import { Step } from '../../guide/steps.tsx';
import { Values } from '../../guide/values.tsx';
import type { Frame } from '../../page-definition.ts';
import { Claim, TlsHint } from './claim.tsx';
import { type SetUpData, setUpShape } from './data.ts';
import { setUpFragments } from './live.tsx';

export function SetUpPage(data: SetUpData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const { inverter, logger, newKey } = data;
  const { id, kind } = inverter;
  const parts = setUpFragments(data);
  return (
    <LiveRegion topic={`set-up:${id}`} shape={setUpShape(data)} class="mx-auto max-w-3xl">
      <h1 class="font-bold text-2xl md:text-3xl">{t.guide.title}</h1>
      <ol class="mt-6 flex flex-col gap-3">
        <Step number={1} title={t.kind[kind]} status="done" />
        <Step number={2} title={inverter.name} status="done">
          <p class="text-muted">
            {t.inverters.serial} <Name>{inverter.serial}</Name>
          </p>
        </Step>
        {isGuideKind(kind) ? (
          <Step number={3} title={t.guide.enter} status="now">
            <Values frame={frame} kind={kind} action={`/inverters/${id}/setup`} newKey={newKey} />
          </Step>
        ) : null}
        <Step number={4} title={t.guide.wait} status="now">
          {logger === null ? null : <TlsHint frame={frame} tls={logger.tls} timeZone={inverter.timeZone} />}
          {logger === null || logger.claim === null ? null : (
            <Claim frame={frame} inverter={inverter} claim={logger.claim} />
          )}
          <LivePart name="arrival">{parts['arrival']}</LivePart>
        </Step>
      </ol>
    </LiveRegion>
  );
}
