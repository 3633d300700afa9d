import type { ComponentChildren, JSX } from 'preact';
import type { InverterSummary } from '../../../services/services.ts';
import { AddForm } from '../../components/add-form.tsx';
import { Name } from '../../components/figure.tsx';
import { Field, Form } from '../../components/form.tsx';
import { Icon } from '../../components/icon.tsx';
import { LivePart, LiveRegion } from '../../components/live-region.tsx';
import type { Frame } from '../../page-definition.ts';
import type { InvertersData } from './data.ts';
import { AutoAdd, Inbox } from './inbox.tsx';
import { inverterFragments, invertersShape, partOf } from './live.tsx';

export function InvertersPage(data: InvertersData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const { inverters, done, pending, autoAdds } = data;
  const parts = inverterFragments(data);
  const shape = invertersShape(data);
  return (
    <LiveRegion topic="inverters" shape={shape} class="mx-auto max-w-3xl">
      <h1 class="mb-4 font-bold text-2xl md:mb-6 md:text-3xl">{t.inverters.title}</h1>
      {done === null ? null : (
        <p role="status" class="alert alert-success alert-soft mb-4">
          <Icon name="checkCircle" />
          {t.inverters.done[done]}
        </p>
      )}
      <Inbox pending={pending} frame={frame} />
      {inverters.length === 0 ? (
        <p class="panel text-muted">{t.inverters.none}</p>
      ) : (
        <ul class="flex flex-col gap-3">
          {inverters.map((inverter) => (
            <li key={inverter.id} class="panel">
              <Row inverter={inverter} frame={frame}>
                {parts[partOf(inverter)]}
              </Row>
            </li>
          ))}
        </ul>
      )}
      <AutoAdd isOn={autoAdds} frame={frame} />
      <section class="panel mt-6" aria-labelledby="add">
        <div class="mb-4 flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
          <h2 id="add" class="font-bold text-lg">
            {t.inverters.add}
          </h2>
          <a href="/inverters/new" class="link text-sm">
            {t.inverters.howTo}
          </a>
        </div>
        <AddForm frame={frame} action="/inverters" kind={null} />
      </section>
    </LiveRegion>
  );
}

interface RowProps {
  inverter: InverterSummary;
  frame: Frame;
  children: ComponentChildren;
}

function Row({ inverter, frame, children }: RowProps): JSX.Element {
  const { t } = frame.language;
  const { id, name, kind, serial } = inverter;
  const action = `/inverters/${id}/rename`;
  const form = frame.form?.action === action ? frame.form : null;
  return (
    <>
      <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
        <div class="min-w-0">
          <a href={`/dashboard/${id}`} class="font-semibold text-lg hover:underline">
            <Name>{name}</Name>
          </a>
          <p class="text-muted text-sm">
            {t.kind[kind]} · <Name>{serial}</Name>
          </p>
        </div>
        <LivePart name={partOf(inverter)}>{children}</LivePart>
      </div>
      <div class="-mx-2 mt-4 flex flex-wrap items-start border-base-300 border-t pt-3">
        <details class="group max-w-full open:w-full" open={form !== null}>
          <summary class="btn btn-ghost btn-sm gap-1 px-1.5" aria-label={t.inverters.renameOf(name)}>
            <Icon name="pencil" class="size-4" />
            {t.inverters.rename}
          </summary>
          <Form action={action} csrf={frame.csrfToken} class="m-2 flex items-start gap-2" enhanced>
            <div class="flex-1">
              <Field
                id={`name-${id}`}
                name="name"
                label={t.inverters.newName(name)}
                hiddenLabel
                value={form?.values['name'] ?? name}
                error={form?.errors['name']}
                maxlength={100}
              />
            </div>
            <button type="submit" class="btn btn-primary">
              {t.inverters.save}
            </button>
          </Form>
        </details>
        <a href={`/inverters/${id}/setup`} class="btn btn-ghost btn-sm gap-1 px-1.5">
          <Icon name="radio" class="size-4" />
          {t.inverters.setUp}
        </a>
        <a
          href={`/inverters/${id}/delete`}
          class="btn btn-ghost btn-sm gap-1 px-1.5"
          aria-label={t.inverters.removeOf(name)}
        >
          <Icon name="trash" class="size-4" />
          {t.inverters.remove}
        </a>
      </div>
    </>
  );
}
