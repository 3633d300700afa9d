import type { ComponentChildren, JSX } from 'preact';
import { Age } from '../components/age.tsx';
import { Field } from '../components/form.tsx';
import { Icon } from '../components/icon.tsx';
import type { Frame } from '../page-definition.ts';
import { useView } from '../view.ts';
import { linkTo } from './list-query.ts';
import { ADMIN_PATHS, type AdminPart } from './paths.ts';

/** A page of the administration: its name, the other parts, what was just done, the content. */
export function AdminPage({
  part,
  title,
  lead,
  done,
  children,
}: {
  part: AdminPart;
  /** That of the part when absent. */
  title?: ComponentChildren;
  lead?: string;
  done?: string | null;
  children: ComponentChildren;
}): JSX.Element {
  const { t } = useView();
  return (
    <div class="flex flex-col gap-4">
      <nav aria-label={t.admin.nav.label} class="-mx-2">
        <ul class="flex flex-wrap">
          {(Object.keys(ADMIN_PATHS) as AdminPart[]).map((key) => (
            <li key={key}>
              <a
                href={ADMIN_PATHS[key]}
                class="nav-link aria-[current=page]:bg-base-100"
                aria-current={key === part ? 'page' : undefined}
              >
                {t.admin.nav[key]}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div>
        <h1 class="name font-bold text-2xl md:text-3xl">{title ?? t.admin.nav[part]}</h1>
        {lead === undefined ? null : <p class="mt-1 text-muted">{lead}</p>}
      </div>
      {done == null ? null : (
        <p role="status" class="alert alert-success alert-soft">
          <Icon name="checkCircle" />
          {done}
        </p>
      )}
      {children}
    </div>
  );
}

/** A search by a link that can be kept: no script, no token. `keep` is what else the address says. */
export function Search({
  path,
  label,
  value,
  keep = {},
}: {
  path: string;
  label: string;
  value: string;
  keep?: Record<string, string>;
}): JSX.Element {
  const { t } = useView();
  return (
    <search>
      <form method="get" action={path} class="panel panel-tight flex flex-wrap items-end gap-3">
        {Object.entries(keep).map(([name, kept]) => (
          <input key={name} type="hidden" name={name} value={kept} />
        ))}
        <div class="min-w-0 flex-1 basis-60">
          <Field id="search" name="q" label={label} value={value} maxlength={200} required={false} />
        </div>
        <button type="submit" class="btn">
          {t.admin.search}
        </button>
        {value === '' ? null : (
          <a href={linkTo(path, keep)} class="btn btn-ghost">
            {t.admin.all}
          </a>
        )}
      </form>
    </search>
  );
}

/** The rows of a list, or that there are none, and the way to the rest. */
export function Rows({
  path,
  query,
  next,
  children,
}: {
  path: string;
  /** What the list is asked for, `from` among it. */
  query: Record<string, string | number | null>;
  next: number | null;
  children: JSX.Element[];
}): JSX.Element {
  const { t } = useView();
  const isLater = query['from'] != null;
  return (
    <>
      {children.length === 0 ? (
        <p class="panel text-muted">{t.admin.none}</p>
      ) : (
        <ul class="flex flex-col gap-3">{children}</ul>
      )}
      {isLater || next !== null ? (
        <div class="flex flex-wrap gap-3">
          {isLater ? (
            <a href={linkTo(path, { ...query, from: null })} class="quiet-button">
              {t.admin.first}
            </a>
          ) : null}
          {next === null ? null : (
            <a href={linkTo(path, { ...query, from: next })} class="quiet-button">
              {t.admin.next}
            </a>
          )}
        </div>
      ) : null}
    </>
  );
}

/** One of a list. */
export function Row({ children }: { children: ComponentChildren }): JSX.Element {
  return <li class="panel panel-tight min-w-0">{children}</li>;
}

/** What is known of something, in one line that may wrap. */
export function Facts({ children }: { children: ComponentChildren }): JSX.Element {
  return <p class="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-muted text-sm">{children}</p>;
}

/** When something was last so; "never" where it was not. */
export function When({ label, at, frame }: { label: string; at: Date | null; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  return (
    <span>
      {label}
      {at === null ? `: ${t.admin.never}` : ' '}
      {at === null ? null : <Age at={at} timeZone={frame.config.timeZone} />}
    </span>
  );
}

/** Leads to an account, by its address; one that is gone is a number. */
export function AccountLink({ id, email }: { id: number; email: string | null }): JSX.Element {
  const { t } = useView();
  if (email === null) return <span>{t.admin.deleted(id)}</span>;
  return (
    <a href={`${ADMIN_PATHS.users}/${id}`} class="link name">
      {email}
    </a>
  );
}

/** A small figure with what it counts. */
export function Count({
  value,
  label,
  href,
}: {
  value: string;
  label: string;
  href?: string | undefined;
}): JSX.Element {
  return (
    <div class="flex min-w-0 flex-col-reverse justify-end">
      <dt class="text-muted text-sm">
        {href === undefined ? (
          label
        ) : (
          <a href={href} class="link">
            {label}
          </a>
        )}
      </dt>
      <dd class="font-semibold text-lg tabular-nums">{value}</dd>
    </div>
  );
}

/** The word for a name that the database or a process uses; the name itself where there is none. */
export function wordFor(words: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(words, name) ? (words[name] ?? name) : name;
}
