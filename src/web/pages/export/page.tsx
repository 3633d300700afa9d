import type { JSX } from 'preact';
import { EXPORT_RESOLUTIONS } from '../../../services/export-service.ts';
import { Name } from '../../components/figure.tsx';
import { Icon } from '../../components/icon.tsx';
import { PageHead } from '../../components/page-head.tsx';
import type { Frame } from '../../page-definition.ts';
import type { ExportData } from './data.ts';

/** An ordinary form that asks the API: what it answers is the file. */
export function ExportPage({ inverter, from, through }: ExportData, frame: Frame): JSX.Element {
  const { t, locale } = frame.language;
  const words = t.exporting;
  const { id, name, timeZone, channels } = inverter;
  return (
    <div class="mx-auto max-w-3xl">
      <PageHead
        back={{ href: `/dashboard/${id}`, words: name }}
        title={
          <>
            {words.title}{' '}
            <span class="font-normal text-muted">
              <Name>{name}</Name>
            </span>
          </>
        }
      />
      <form action={`/api/v1/inverters/${id}/export`} class="panel flex flex-col gap-6">
        <p class="text-muted">{words.lead}</p>
        <div class="grid gap-4 sm:grid-cols-2">
          <DateField name="from" label={words.from} value={from} max={through} />
          <DateField name="through" label={words.through} value={through} max={through} />
        </div>
        <Choice
          name="resolution"
          legend={words.resolution}
          options={EXPORT_RESOLUTIONS.map((value) => ({ value, label: words.resolutions[value] }))}
          chosen="15m"
        />
        <FormatChoice words={words} isGerman={locale === 'de'} />
        {channels.length === 0 ? null : (
          <label class="flex cursor-pointer items-center gap-3">
            <input type="checkbox" name="channels" value="true" class="checkbox" checked />
            {words.channels}
          </label>
        )}
        <div>
          <button type="submit" class="btn btn-primary">
            <Icon name="download" />
            {words.button}
          </button>
        </div>
        <div class="flex flex-col gap-1 text-muted text-sm">
          <p>{words.notes(timeZone)}</p>
          <p>{words.importable}</p>
        </div>
      </form>
    </div>
  );
}

function DateField({
  name,
  label,
  value,
  max,
}: {
  name: string;
  label: string;
  value: string;
  max: string;
}): JSX.Element {
  return (
    <div class="flex flex-col gap-1.5">
      <label for={`export-${name}`} class="font-semibold text-sm">
        {label}
      </label>
      <input
        id={`export-${name}`}
        type="date"
        name={name}
        class="input w-full"
        value={value}
        min="2000-01-01"
        max={max}
        required
      />
    </div>
  );
}

interface ChoiceProps {
  name: string;
  legend: string;
  options: readonly { value: string; label: string }[];
  chosen: string;
}

function Choice({ name, legend, options, chosen }: ChoiceProps): JSX.Element {
  return (
    <fieldset class="flex flex-col gap-1.5">
      <legend class="mb-1.5 font-semibold text-sm">{legend}</legend>
      <div class="grid gap-2 sm:grid-cols-2">
        {options.map(({ value, label }) => (
          <label
            key={value}
            class="choice flex cursor-pointer items-center gap-2.5 rounded-field border border-base-300 px-4 py-3"
          >
            <input
              type="radio"
              name={name}
              value={value}
              class="size-4 accent-(--sun-line)"
              checked={value === chosen}
            />
            <span class="font-medium">{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function FormatChoice({
  words,
  isGerman,
}: {
  words: Frame['language']['t']['exporting'];
  isGerman: boolean;
}): JSX.Element {
  const { formats, format } = words;
  return (
    <Choice
      name="format"
      legend={format}
      options={(['csv', 'german', 'json'] as const).map((value) => ({ value, label: formats[value] }))}
      chosen={isGerman ? 'german' : 'csv'}
    />
  );
}
