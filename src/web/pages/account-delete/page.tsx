import type { JSX } from 'preact';
import { Field, Form, FormMessage } from '../../components/form.tsx';
import { Icon } from '../../components/icon.tsx';
import type { Frame } from '../../page-definition.ts';

export interface AccountDeleteData {
  inverterCount: number;
}

export function AccountDeletePage({ inverterCount }: AccountDeleteData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const { remove } = t.settings;
  return (
    <div class="mx-auto max-w-xl">
      <h1 class="mb-4 font-bold text-2xl md:text-3xl">{remove.title}</h1>
      <div class="panel flex flex-col gap-5">
        <div>
          <p class="flex gap-2 font-semibold">
            <Icon name="alert" class="mt-0.5 size-5 text-error" />
            {remove.lead}
          </p>
          <ul class="mt-3 flex list-disc flex-col gap-1.5 pl-6">
            {inverterCount === 0 ? null : <li>{remove.inverters(inverterCount)}</li>}
            <li>{remove.readings}</li>
            <li>{remove.keys}</li>
          </ul>
        </div>
        <p class="text-muted">
          <a href="/account#takeout" class="link">
            {remove.export}
          </a>{' '}
          · {remove.backups}
        </p>
        <Form action="/account/delete" csrf={frame.csrfToken} class="flex flex-col gap-4">
          <FormMessage form={frame.form} />
          <Field
            id="password"
            name="password"
            label={remove.confirm}
            type="password"
            autocomplete="current-password"
            error={frame.form?.errors['password']}
          />
          <div class="flex flex-wrap gap-2">
            <button type="submit" class="btn btn-error">
              {remove.button}
            </button>
            <a href="/account" class="btn">
              {remove.cancel}
            </a>
          </div>
        </Form>
      </div>
    </div>
  );
}
