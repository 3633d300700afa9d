import type { JSX } from 'preact';
import type { Part } from '../../../services/admin/admin-service.ts';
import type { StrangerRow } from '../../../store/admin-devices.ts';
import { linkTo } from '../../admin/list-query.ts';
import { AdminPage, Facts, Row, Rows, Search, When } from '../../admin/parts.tsx';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import { Field, Form, FormMessage } from '../../components/form.tsx';
import type { Frame } from '../../page-definition.ts';

export interface LoggersData extends Part<StrangerRow> {
  query: { q: string; from: number | null; done: 'assigned' | null };
}

export function LoggersPage({ items, next, query }: LoggersData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const path = ADMIN_PATHS.loggers;
  const words = t.admin.loggers;
  const { done, ...asked } = query;
  return (
    <AdminPage part="loggers" lead={words.lead} done={done === null ? null : words.done}>
      <FormMessage form={frame.form} />
      <Search path={path} label={words.search} value={query.q} />
      <Rows path={path} query={asked} next={next}>
        {items.map((logger) => (
          <Row key={logger.serial}>
            <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-1">
              <p class="name font-mono font-semibold">{logger.serial}</p>
              {logger.waiting === 0 ? null : <span class="chip chip-sun">{words.waiting(logger.waiting)}</span>}
            </div>
            <Facts>
              {logger.lastAddress === null ? null : <span class="name">{logger.lastAddress}</span>}
              <When label={t.admin.devices.lastSeen} at={logger.lastSeenAt} frame={frame} />
              <When label={t.admin.devices.firstSeen} at={logger.firstSeenAt} frame={frame} />
            </Facts>
            <Assign serial={logger.serial} frame={frame} />
          </Row>
        ))}
      </Rows>
    </AdminPage>
  );
}

function Assign({ serial, frame }: { serial: string; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  const words = t.admin.loggers;
  const form = frame.form?.values['serial'] === serial ? frame.form : null;
  return (
    <details class="mt-2" open={form !== null}>
      <summary class="btn btn-ghost btn-sm -ml-2 px-2" aria-label={words.assignOf(serial)}>
        {words.assign} …
      </summary>
      {/* To its own row, so that what is wrong stands there also when it was on a later page. */}
      <Form action={linkTo(ADMIN_PATHS.loggers, { q: serial })} csrf={frame.csrfToken} class="mt-2 flex flex-col gap-4">
        <input type="hidden" name="serial" value={serial} />
        <div class="grid gap-4 sm:grid-cols-2">
          <Field
            id={`email-${serial}`}
            name="email"
            label={words.email}
            type="email"
            inputmode="email"
            value={form?.values['email']}
            error={form?.errors['email'] ?? form?.errors['serial']}
            maxlength={320}
          />
          <Field
            id={`name-${serial}`}
            name="name"
            label={words.name}
            value={form?.values['name'] ?? serial}
            error={form?.errors['name']}
            maxlength={100}
          />
        </div>
        <div>
          <button type="submit" class="btn btn-primary">
            {words.button}
          </button>
        </div>
      </Form>
    </details>
  );
}
