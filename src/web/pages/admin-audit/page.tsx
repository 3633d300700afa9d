import type { JSX } from 'preact';
import type { Part } from '../../../services/admin/admin-service.ts';
import type { AuditRow } from '../../../store/admin-operation.ts';
import { AccountLink, AdminPage, Facts, Row, Rows, wordFor } from '../../admin/parts.tsx';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import { Field } from '../../components/form.tsx';
import type { Frame } from '../../page-definition.ts';

/** How actions begin that are looked for together. */
export const GROUPS = [
  'sign-in',
  'sign-in.failed',
  'admin.',
  'account',
  'password',
  'two-factor',
  'session',
  'api-key',
  'logger',
  'inverter',
] as const;

export interface AuditData extends Part<AuditRow> {
  /** Days as `2026-06-15`, of the installation's zone; empty for any. */
  query: { who: string; act: (typeof GROUPS)[number] | ''; since: string; until: string; from: number | null };
}

export function AuditPage({ items, next, query }: AuditData, frame: Frame): JSX.Element {
  const { t, fmt } = frame.language;
  const words = t.admin.audit;
  const path = ADMIN_PATHS.audit;
  return (
    <AdminPage part="audit" lead={words.lead}>
      <Filter query={query} frame={frame} />
      <Rows path={path} query={query} next={next}>
        {items.map((entry) => (
          <Row key={entry.id}>
            <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-1">
              <p class="min-w-0 font-semibold" title={entry.action}>
                {wordFor(words.actions, entry.action)}
              </p>
              <time dateTime={entry.at.toISOString()} class="text-muted text-sm">
                {fmt.dateTime(entry.at, frame.config.timeZone)}
              </time>
            </div>
            <Facts>
              <Who label={words.by} id={entry.actorId} email={entry.actorEmail} nobody={t.admin.nobody} />
              {entry.userId === null || entry.userId === entry.actorId ? null : (
                <Who label={words.about} id={entry.userId} email={entry.userEmail} nobody="" />
              )}
              {entry.address === null ? null : (
                <span class="name">
                  {words.from} {entry.address}
                </span>
              )}
            </Facts>
            <Detail entry={entry} frame={frame} />
          </Row>
        ))}
      </Rows>
    </AdminPage>
  );
}

function Who(props: { label: string; id: number | null; email: string | null; nobody: string }): JSX.Element {
  const { label, id, email, nobody } = props;
  return (
    <span class="name">
      {label} {id === null ? nobody : <AccountLink id={id} email={email} />}
    </span>
  );
}

/** Particulars: our names and values in words, or as they were noted where there are none; others may be anybody's words. */
function Detail({ entry, frame }: { entry: AuditRow; frame: Frame }): JSX.Element | null {
  const { details } = frame.language.t.admin.audit;
  const particulars = Object.entries(entry.detail);
  if (particulars.length === 0) return null;
  return (
    <p class="name mt-1 text-sm">
      {particulars.map(([name, value], i) => {
        const ofAction = `${entry.action}.${name}`;
        return (
          <span key={name} title={name}>
            {i === 0 ? '' : ', '}
            {wordFor(details, Object.hasOwn(details, ofAction) ? ofAction : name)}:{' '}
            <bdi>{valueInWords(name, value, frame)}</bdi>
          </span>
        );
      })}
    </p>
  );
}

function valueInWords(name: string, value: unknown, frame: Frame): string {
  const { t, fmt } = frame.language;
  const { values, yes, no } = t.admin.audit;
  if (value === null) return t.app.unknown;
  if (typeof value === 'boolean') return value ? yes : no;
  if (typeof value === 'number' && name.endsWith('_wh')) return fmt.energy(value);
  if (typeof value !== 'string') return JSON.stringify(value);
  if (TIMES.has(name) && ISO_TIME.test(value)) return fmt.dateTime(new Date(value), frame.config.timeZone);
  const ofName: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    ...values,
    kind: t.kind,
    scope: t.keys.scope,
  };
  return Object.hasOwn(ofName, name) ? wordFor(ofName[name] ?? {}, value) : value;
}

/** Where a time of ours may be noted. Elsewhere what looks like one is what somebody calls something, and may be no time at all. */
const TIMES: ReadonlySet<string> = new Set(['from', 'to']);
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

function Filter({ query, frame }: { query: AuditData['query']; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  const words = t.admin.audit;
  return (
    <search>
      <form method="get" action={ADMIN_PATHS.audit} class="panel grid items-end gap-4 sm:grid-cols-2 lg:grid-cols-4">
        <Field id="who" name="who" label={words.who} value={query.who} maxlength={320} required={false} />
        <div class="flex flex-col gap-1.5">
          <label for="act" class="font-semibold text-sm">
            {words.act}
          </label>
          <select id="act" name="act" class="select w-full">
            {(['', ...GROUPS] as const).map((group) => (
              <option key={group} value={group} selected={group === query.act}>
                {words.groups[group === '' ? 'all' : group]}
              </option>
            ))}
          </select>
        </div>
        <Day name="since" label={words.since} value={query.since} />
        <Day name="until" label={words.until} value={query.until} />
        <div>
          <button type="submit" class="btn">
            {words.filter}
          </button>
        </div>
      </form>
    </search>
  );
}

function Day({ name, label, value }: { name: string; label: string; value: string }): JSX.Element {
  return (
    <div class="flex flex-col gap-1.5">
      <label for={name} class="font-semibold text-sm">
        {label}
      </label>
      <input id={name} name={name} type="date" class="input w-full" value={value} />
    </div>
  );
}
