import type { JSX } from 'preact';
import { isLocalOnly } from '../../util/public-host.ts';
import { Form } from '../components/form.tsx';
import { Icon } from '../components/icon.tsx';
import type { Frame } from '../page-definition.ts';
import { useView } from '../view.ts';
import type { GuideKind } from './kinds.ts';

interface ValuesProps {
  frame: Frame;
  kind: GuideKind;
  /** Where a key is made. */
  action: string;
  /** Just made, shown this once. */
  newKey: string | null;
}

/** What to type into the device, each value with a button that copies it. */
export function Values(props: ValuesProps): JSX.Element {
  return props.kind === 'solarman' ? (
    <SolarmanValues frame={props.frame} />
  ) : (
    <PushValues {...props} kind={props.kind} />
  );
}

function SolarmanValues({ frame }: { frame: Frame }): JSX.Element {
  const { t } = useView();
  const { publicHost, port } = frame.config.collector;
  const words = t.guide.solarman;
  return (
    <div class="flex flex-col gap-4">
      <ol class="flex list-decimal flex-col gap-2 pl-5">
        <li>{words.open}</li>
        <li>{words.hidden}</li>
      </ol>
      <div class="flex gap-3 rounded-field bg-base-200 p-4">
        <Icon name="alert" class="mt-0.5 size-5 text-sun-ink" />
        <p>
          <strong class="block">{words.tlsTitle}</strong>
          {words.tls}
        </p>
      </div>
      <ol class="flex list-decimal flex-col gap-2 pl-5" start={3}>
        <li>{words.fill}</li>
      </ol>
      <dl class="grid gap-2">
        <CopyValue label={t.guide.host} value={publicHost} />
        <CopyValue label={t.guide.port} value={String(port)} />
        <CopyValue label={t.guide.protocol} value="TCP" />
      </dl>
      <LocalHostWarning host={publicHost} />
      <ol class="flex list-decimal flex-col gap-2 pl-5" start={4}>
        <li>{words.restart}</li>
      </ol>
    </div>
  );
}

function PushValues({ frame, kind, action, newKey }: ValuesProps & { kind: 'opendtu' | 'victron' }): JSX.Element {
  const { t } = useView();
  const words = t.guide[kind];
  const { publicUrl } = frame.config;
  return (
    <div class="flex flex-col gap-4">
      <ol class="flex list-decimal flex-col gap-2 pl-5">
        <li>{words.open}</li>
        <li>{words.fill}</li>
      </ol>
      <dl class="grid gap-2">
        <CopyValue label={t.guide.url} value={new URL(`/api/${kind}/measurements`, publicUrl).href} />
        <CopyValue label={t.guide.header} value="X-API-Key" />
        {newKey === null ? null : <CopyValue label={t.guide.token} value={newKey} />}
        {kind === 'opendtu' ? <CopyValue label={t.guide.interval} value="60" /> : null}
      </dl>
      {newKey === null ? (
        <div class="flex flex-wrap items-center justify-between gap-3 rounded-field bg-base-200 p-4">
          <p class="min-w-48 flex-1">{t.guide.tokenMissing}</p>
          <Form action={action} csrf={frame.csrfToken}>
            <button type="submit" class="btn btn-primary">
              {t.guide.makeKey}
            </button>
          </Form>
        </div>
      ) : (
        <p role="status" class="flex gap-2 font-medium">
          <Icon name="alert" class="mt-0.5 size-5 text-sun-ink" />
          {t.guide.keyOnce}
        </p>
      )}
      {kind === 'opendtu' ? (
        <a href="/inverters#auto-add" class="link text-sm">
          {t.inbox.guide}
        </a>
      ) : null}
      <LocalHostWarning host={publicUrl.hostname} />
    </div>
  );
}

/** A value to be typed elsewhere, with a button that copies it. */
export function CopyValue({ label, value }: { label: string; value: string }): JSX.Element {
  const { t } = useView();
  return (
    <div class="flex flex-wrap items-center gap-x-4 gap-y-1 rounded-field border border-base-300 py-2 pr-2 pl-4">
      <dt class="w-full text-muted text-sm sm:w-44">{label}</dt>
      <dd class="flex min-w-0 flex-1 items-center justify-between gap-2">
        <code class="name min-w-0 select-all font-mono font-semibold text-sm md:text-base">{value}</code>
        <button
          type="button"
          class="js-only btn btn-sm btn-ghost shrink-0"
          data-copy={value}
          data-copied={t.guide.copied}
          aria-label={`${t.guide.copy}: ${label}`}
        >
          <Icon name="copy" class="size-4" />
          <span data-copy-text>{t.guide.copy}</span>
        </button>
      </dd>
    </div>
  );
}

function LocalHostWarning({ host }: { host: string }): JSX.Element | null {
  const { t } = useView();
  if (!isLocalOnly(host)) return null;
  return (
    <div role="note" class="alert alert-warning alert-soft">
      <Icon name="alert" />
      <span>{t.guide.localHost}</span>
    </div>
  );
}
