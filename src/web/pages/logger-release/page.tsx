import type { JSX } from 'preact';
import type { InverterCurrent } from '../../../services/services.ts';
import { Name } from '../../components/figure.tsx';
import { Form } from '../../components/form.tsx';
import type { Frame } from '../../page-definition.ts';

export interface ReleaseData {
  inverter: InverterCurrent;
}

export function ReleasePage({ inverter: { id, name, serial, state } }: ReleaseData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  return (
    <div class="mx-auto max-w-xl">
      <h1 class="name mb-4 font-bold text-2xl md:text-3xl">{t.release.title(name)}</h1>
      <div class="panel flex flex-col gap-5">
        <p class="text-muted">
          {t.inverters.serial} <Name>{serial}</Name>
        </p>
        {state === 'waiting' ? (
          <p>{t.release.already}</p>
        ) : (
          <ul class="flex list-disc flex-col gap-1.5 pl-6">
            <li>{t.release.lost}</li>
            <li>{t.release.kept}</li>
            <li>{t.release.back}</li>
          </ul>
        )}
        <div class="flex flex-wrap gap-2">
          {state === 'waiting' ? null : (
            <Form action={`/inverters/${id}/release`} csrf={frame.csrfToken}>
              <button type="submit" class="btn btn-error">
                {t.release.button}
              </button>
            </Form>
          )}
          <a href={`/dashboard/${id}`} class="btn">
            {t.release.cancel}
          </a>
        </div>
      </div>
    </div>
  );
}
