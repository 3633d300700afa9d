import type { JSX } from 'preact';
import type { InverterCurrent } from '../../../services/services.ts';
import { Form } from '../../components/form.tsx';
import { Icon } from '../../components/icon.tsx';
import type { Frame } from '../../page-definition.ts';

export interface DeleteData {
  inverter: InverterCurrent;
}

export function DeletePage({ inverter }: DeleteData, frame: Frame): JSX.Element {
  const { t, fmt } = frame.language;
  const { id, name, energyTotalWh, channels } = inverter;
  const error = frame.form?.errors['confirm'];
  return (
    <div class="mx-auto max-w-xl">
      <h1 class="name mb-4 font-bold text-2xl md:text-3xl">{t.remove.title(name)}</h1>
      <div class="panel flex flex-col gap-5">
        <div>
          <p class="flex gap-2 font-semibold">
            <Icon name="alert" class="mt-0.5 size-5 text-error" />
            {t.remove.lost}
          </p>
          <ul class="mt-3 flex list-disc flex-col gap-1.5 pl-6">
            <li>{t.remove.readings}</li>
            {energyTotalWh === null ? null : <li>{t.remove.energy(fmt.energy(energyTotalWh))}</li>}
            {channels.length === 0 ? null : <li>{t.remove.inputs(channels.length)}</li>}
          </ul>
        </div>
        <p class="text-muted">{t.remove.kept}</p>
        <Form action={`/inverters/${id}/delete`} csrf={frame.csrfToken} class="flex flex-col gap-4">
          <div>
            <label class="flex cursor-pointer items-start gap-3">
              <input
                type="checkbox"
                name="confirm"
                value="yes"
                class="checkbox mt-0.5"
                aria-invalid={error === undefined ? undefined : 'true'}
                aria-describedby={error === undefined ? undefined : 'confirm-error'}
              />
              <span class="font-medium">{t.remove.confirm}</span>
            </label>
            {error === undefined ? null : (
              <p id="confirm-error" role="alert" class="mt-2 font-medium text-error text-sm">
                {error}
              </p>
            )}
          </div>
          <div class="flex flex-wrap gap-2">
            <button type="submit" class="btn btn-error">
              {t.remove.button}
            </button>
            <a href="/inverters" class="btn">
              {t.remove.cancel}
            </a>
          </div>
        </Form>
      </div>
    </div>
  );
}
