import type { JSX } from 'preact';
import type { ApiKeySummary } from '../../../services/services.ts';
import { Age } from '../../components/age.tsx';
import { Name } from '../../components/figure.tsx';
import { Field, Form, FormMessage } from '../../components/form.tsx';
import { Icon } from '../../components/icon.tsx';
import { CopyValue } from '../../guide/values.tsx';
import type { Frame } from '../../page-definition.ts';
import { type ApiKeysData, LIFETIMES, SCOPES } from './data.ts';

/** Of the page, and where a new key is posted to. */
export const PATH = '/account/api-keys';

/** The keys of devices and programs: what there is, what was just made, a new one. */
export function ApiKeysPage({ keys, newKey, done }: ApiKeysData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  return (
    <div class="mx-auto max-w-3xl">
      <h1 class="font-bold text-2xl md:text-3xl">{t.keys.title}</h1>
      <p class="mt-1 mb-4 text-muted">{t.keys.lead}</p>
      {done === null || newKey !== null ? null : (
        <p role="status" class="alert alert-success alert-soft mb-4">
          <Icon name="checkCircle" />
          {t.keys[done]}
        </p>
      )}
      {newKey === null ? null : <MadeKey name={newKey.name} value={newKey.key} frame={frame} />}
      {keys.length === 0 ? (
        <p class="panel text-muted">{t.keys.none}</p>
      ) : (
        <ul class="flex flex-col gap-3">
          {keys.map((key) => (
            <li key={key.id} class="panel">
              <Key apiKey={key} frame={frame} />
            </li>
          ))}
        </ul>
      )}
      <NewKey frame={frame} />
    </div>
  );
}

function MadeKey({ name, value, frame }: { name: string; value: string; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  return (
    <div role="status" class="panel mb-4 flex flex-col gap-3">
      <p class="flex gap-2 font-semibold">
        <Icon name="checkCircle" class="mt-0.5 size-5" />
        <span class="name">{t.keys.made(name)}</span>
      </p>
      <dl>
        <CopyValue label={t.guide.token} value={value} />
      </dl>
      <p class="flex gap-2 font-medium">
        <Icon name="alert" class="mt-0.5 size-5 text-sun-ink" />
        {t.guide.keyOnce}
      </p>
    </div>
  );
}

function Key({ apiKey, frame }: { apiKey: ApiKeySummary; frame: Frame }): JSX.Element {
  const { t, fmt } = frame.language;
  const { timeZone } = frame.config;
  const { id, name, scope, hint, createdAt, expiresAt, lastUsedAt } = apiKey;
  const isOver = expiresAt !== null && expiresAt <= frame.now;
  return (
    <>
      <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-1">
        <p class="min-w-0 font-semibold">
          <Name>{name}</Name>
        </p>
        <span class={`chip ${isOver ? 'chip-problem' : 'chip-quiet'}`}>
          {isOver ? t.keys.isOver : t.keys.scope[scope]}
        </span>
      </div>
      <p class="mt-1 flex flex-wrap gap-x-3 text-muted text-sm">
        <code class="font-mono">{hint}</code>
        <span>
          {t.keys.created} <Age at={createdAt} timeZone={timeZone} />
        </span>
        <span>
          {lastUsedAt === null ? (
            t.keys.neverUsed
          ) : (
            <>
              {t.keys.lastUsed} <Age at={lastUsedAt} timeZone={timeZone} />
            </>
          )}
        </span>
        {expiresAt === null ? null : (
          <span>{(isOver ? t.keys.over : t.keys.until)(fmt.dateTime(expiresAt, timeZone))}</span>
        )}
      </p>
      <details class="mt-2">
        <summary class="btn btn-ghost btn-sm -ml-2 px-2" aria-label={t.keys.revokeOf(name)}>
          <Icon name="trash" class="size-4" />
          {t.keys.revoke}
        </summary>
        <Form action={`${PATH}/${id}/revoke`} csrf={frame.csrfToken} class="mt-2 flex flex-col gap-3">
          <p>{t.keys.revokeSure}</p>
          <div>
            <button type="submit" class="btn btn-error">
              {t.keys.revokeButton}
            </button>
          </div>
        </Form>
      </details>
    </>
  );
}

function NewKey({ frame }: { frame: Frame }): JSX.Element {
  const { t } = frame.language;
  const form = frame.form?.action === PATH ? frame.form : null;
  const values = form?.values ?? {};
  const errors = form?.errors ?? {};
  return (
    <section class="panel mt-6" aria-labelledby="new-key">
      <h2 id="new-key" class="mb-4 font-bold text-lg">
        {t.keys.create}
      </h2>
      <Form action={PATH} csrf={frame.csrfToken} class="flex flex-col gap-4">
        <FormMessage form={form} />
        <Field
          id="key-name"
          name="name"
          label={t.keys.name}
          value={values['name']}
          error={errors['name']}
          placeholder={t.keys.namePlaceholder}
          maxlength={100}
        />
        <fieldset>
          <legend class="mb-1.5 font-semibold text-sm">{t.keys.scopeLabel}</legend>
          <div class="grid gap-2">
            {SCOPES.map((scope) => (
              <label
                key={scope}
                class="choice flex cursor-pointer items-start gap-2.5 rounded-field border border-base-300 px-4 py-3"
              >
                <input
                  type="radio"
                  name="scope"
                  value={scope}
                  class="mt-1 size-4 shrink-0 accent-(--sun-line)"
                  checked={(values['scope'] ?? 'ingest') === scope}
                />
                <span>
                  <span class="block font-medium">{t.keys.scope[scope]}</span>
                  <span class="text-muted text-sm">{t.keys.scopeHint[scope]}</span>
                </span>
              </label>
            ))}
          </div>
          {errors['scope'] === undefined ? null : <p class="mt-1 font-medium text-error text-sm">{errors['scope']}</p>}
        </fieldset>
        <div class="flex flex-col gap-1.5">
          <label for="key-expires" class="font-semibold text-sm">
            {t.keys.expires}
          </label>
          <select id="key-expires" name="expires" class="select w-full">
            {LIFETIMES.map((days) => (
              <option key={days} value={days} selected={(values['expires'] ?? 'never') === days}>
                {t.keys.expiresIn[days]}
              </option>
            ))}
          </select>
        </div>
        <div>
          <button type="submit" class="btn btn-primary">
            {t.keys.createButton}
          </button>
        </div>
      </Form>
    </section>
  );
}
