import type { JSX } from 'preact';
import type { Explain } from '../form.ts';
import { GUIDE_KINDS, type GuideKind } from '../guide/kinds.ts';
import type { Frame } from '../page-definition.ts';
import { Field, Form, FormMessage } from './form.tsx';

export const explainAdd: Explain = (t, field, problem, values) => {
  const { errors } = t.inverters;
  if (field === 'serial') {
    if (problem === 'taken') return errors.serialTaken;
    return values['kind'] === 'solarman' && problem !== 'required' ? errors.serialSolarman : errors.serial;
  }
  return field === 'kind' ? errors.kind : errors.name;
};

/** `kind`: already chosen by the page; null: asked for here. */
export function AddForm({
  frame,
  action,
  kind,
}: {
  frame: Frame;
  action: string;
  kind: GuideKind | null;
}): JSX.Element {
  const { t } = frame.language;
  const form = frame.form?.action === action ? frame.form : null;
  const values = form?.values ?? {};
  const errors = form?.errors ?? {};
  if (frame.user?.isVerified === false) return <p class="text-muted">{t.inverters.unverified}</p>;
  const serialHint = `${kind === null ? `${t.inverters.serialHint.solarman} ` : ''}${
    kind === 'solarman' ? t.inverters.serialHint.solarman : t.inverters.serialHint.others
  }`;
  return (
    <Form action={action} csrf={frame.csrfToken} class="flex flex-col gap-4" enhanced>
      <FormMessage form={form} />
      {kind === null ? (
        <fieldset class="flex flex-col gap-1.5">
          <legend class="mb-1.5 font-semibold text-sm">{t.inverters.kind}</legend>
          <div class="grid gap-2 sm:grid-cols-3">
            {GUIDE_KINDS.map((one) => (
              <label
                key={one}
                class="choice flex cursor-pointer items-center gap-2.5 rounded-field border border-base-300 px-4 py-3"
              >
                <input
                  type="radio"
                  name="kind"
                  value={one}
                  class="size-4 accent-(--sun-line)"
                  checked={(values['kind'] ?? 'solarman') === one}
                />
                <span class="font-medium">{t.kind[one]}</span>
              </label>
            ))}
          </div>
          {errors['kind'] === undefined ? null : <p class="font-medium text-error text-sm">{errors['kind']}</p>}
        </fieldset>
      ) : (
        <input type="hidden" name="kind" value={kind} />
      )}
      <div class="grid gap-4 sm:grid-cols-2">
        <Field
          id="add-name"
          name="name"
          label={t.inverters.name}
          value={values['name']}
          error={errors['name']}
          placeholder={t.inverters.namePlaceholder}
          maxlength={100}
        />
        <Field
          id="add-serial"
          name="serial"
          label={t.inverters.serial}
          value={values['serial']}
          error={errors['serial']}
          hint={serialHint}
          inputmode={kind === 'solarman' ? 'numeric' : 'text'}
          maxlength={64}
        />
      </div>
      <div>
        <button type="submit" class="btn btn-primary">
          {t.inverters.addButton}
        </button>
      </div>
    </Form>
  );
}
