import type { ComponentChildren, JSX } from 'preact';
import type { Takeout } from '../../../services/takeout/takeout-service.ts';
import { Form, FormMessage } from '../../components/form.tsx';
import { Icon } from '../../components/icon.tsx';
import { LivePart, LiveRegion } from '../../components/live-region.tsx';
import type { Frame } from '../../page-definition.ts';
import { useView } from '../../view.ts';
import type { AccountData } from './data.ts';

const START = '/account/takeout';
const REMOVE = '/account/takeout/remove';

export function TakeoutSection({ data, frame }: { data: AccountData; frame: Frame }): JSX.Element {
  const { takeout: words } = frame.language.t.settings;
  const { takeout } = data;
  const isUnderWay = takeout?.state === 'waiting' || takeout?.state === 'running';
  const form = frame.form?.action === START || frame.form?.action === REMOVE ? frame.form : null;
  return (
    <div class="flex flex-col gap-4">
      <FormMessage form={form} />
      <p class="text-muted">{words.lead}</p>
      <LiveRegion topic="account">
        <LivePart name="takeout">
          <TakeoutStatus data={data} />
        </LivePart>
      </LiveRegion>
      <div class="flex flex-wrap gap-2">
        {isUnderWay ? null : (
          <Form action={START} csrf={frame.csrfToken} enhanced>
            <button type="submit" class="btn">
              {takeout?.state === 'ready' ? words.startAgain : words.start}
            </button>
          </Form>
        )}
        {isUnderWay || takeout?.state === 'ready' ? (
          <Form action={REMOVE} csrf={frame.csrfToken} enhanced>
            <button type="submit" class="btn">
              {isUnderWay ? words.stop : words.remove}
            </button>
          </Form>
        ) : null}
      </div>
    </div>
  );
}

export function accountFragments(data: AccountData): Record<string, ComponentChildren> {
  return { takeout: <TakeoutStatus data={data} /> };
}

/** What changes while one waits: how far it is, and then the archive. */
function TakeoutStatus({ data }: { data: AccountData }): JSX.Element | null {
  const { t, fmt } = useView();
  const words = t.settings.takeout;
  const { takeout, profile } = data;
  if (takeout === null) return null;
  const { state, progressPct, expiresAt, bytes } = takeout;
  if (state === 'waiting') return <p>{words.waiting}</p>;
  if (state === 'running') return <Progress takeout={takeout} words={words.running(fmt.percent(progressPct / 100))} />;
  if (state !== 'ready') return <p class="text-muted">{words[state]}</p>;
  return (
    <div class="flex flex-wrap items-center justify-between gap-3">
      <p>
        {words.ready(
          fmt.quantity(Math.max(0.1, (bytes ?? 0) / 1e6), 'MB', 1),
          fmt.dateTime(expiresAt, profile.timeZone),
        )}
      </p>
      <a href="/api/v1/account/takeout/file" download class="btn btn-primary">
        <Icon name="download" />
        {words.download}
      </a>
    </div>
  );
}

function Progress({ takeout, words }: { takeout: Takeout; words: string }): JSX.Element {
  return (
    <div class="flex flex-col gap-2">
      <p id="takeout-progress">{words}</p>
      <progress
        class="progress progress-primary w-full"
        value={takeout.progressPct}
        max={100}
        aria-labelledby="takeout-progress"
      />
    </div>
  );
}
