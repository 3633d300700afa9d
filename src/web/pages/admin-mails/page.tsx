import type { JSX } from 'preact';
import type { Part } from '../../../services/admin/admin-service.ts';
import { MAIL_STATES, type MailRow, type MailState } from '../../../store/admin-operation.ts';
import { linkTo } from '../../admin/list-query.ts';
import { AccountLink, AdminPage, Facts, Row, Rows, When, wordFor } from '../../admin/parts.tsx';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import { Form } from '../../components/form.tsx';
import type { Frame } from '../../page-definition.ts';

export interface MailsData extends Part<MailRow> {
  query: { state: MailState | null; from: number | null; done: 'retried' | null };
}

const CHIPS: Readonly<Record<MailState, string>> = { waiting: 'chip-sun', failed: 'chip-problem', sent: 'chip-good' };

export function MailsPage({ items, next, query }: MailsData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const path = ADMIN_PATHS.mails;
  const words = t.admin.mails;
  const { done, ...asked } = query;
  return (
    <AdminPage part="mails" lead={words.lead} done={done === null ? null : words.retried}>
      <nav aria-label={words.filter} class="pills max-w-xl">
        {[null, ...MAIL_STATES].map((state) => (
          <a
            key={state ?? 'all'}
            href={linkTo(path, { state })}
            class="pill"
            aria-current={state === query.state ? 'true' : undefined}
          >
            {words.states[state ?? 'all']}
          </a>
        ))}
      </nav>
      {items.some(({ state }) => state === 'failed') ? <p class="text-muted">{words.failedHint}</p> : null}
      <Rows path={path} query={asked} next={next}>
        {items.map((mail) => (
          <Row key={mail.id}>
            <Mail mail={mail} frame={frame} />
          </Row>
        ))}
      </Rows>
    </AdminPage>
  );
}

function Mail({ mail, frame }: { mail: MailRow; frame: Frame }): JSX.Element {
  const { t, fmt } = frame.language;
  const words = t.admin.mails;
  return (
    <>
      <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-1">
        <p class="min-w-0 font-semibold">{wordFor(words.kinds, mail.kind)}</p>
        <span class={`chip ${CHIPS[mail.state]}`}>{words.states[mail.state]}</span>
      </div>
      <Facts>
        {mail.userId === null ? <span>{words.noAccount}</span> : <AccountLink id={mail.userId} email={mail.email} />}
        <When label={words.created} at={mail.createdAt} frame={frame} />
        {mail.sentAt === null ? null : <When label={words.sent} at={mail.sentAt} frame={frame} />}
        <span>{words.attempts(mail.attempts)}</span>
        {mail.state === 'waiting' ? (
          <span>
            {words.again} {fmt.dateTime(mail.runAfter, frame.config.timeZone)}
          </span>
        ) : null}
      </Facts>
      {mail.lastError === null ? null : <p class="name mt-1 text-error">{mail.lastError}</p>}
      {mail.state === 'waiting' ? (
        <Form action={ADMIN_PATHS.mails} csrf={frame.csrfToken} class="mt-2">
          <input type="hidden" name="mail" value={String(mail.id)} />
          <button type="submit" class="btn btn-sm" aria-label={words.retryOf(mail.id)}>
            {words.retry}
          </button>
        </Form>
      ) : null}
    </>
  );
}
