import type { JSX } from 'preact';
import type { SessionSummary } from '../../../services/accounts/account-services.ts';
import { Age } from '../../components/age.tsx';
import { Form } from '../../components/form.tsx';
import { deviceName } from '../../device-name.ts';
import type { Frame } from '../../page-definition.ts';
import type { AccountData } from './data.ts';

export function SessionsSection({ data, frame }: { data: AccountData; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  const others = data.sessions.filter(({ id }) => id !== data.sessionId);
  return (
    <>
      <ul class="flex flex-col divide-y divide-base-300">
        {data.sessions.map((session) => (
          <Row key={session.id} session={session} data={data} frame={frame} />
        ))}
      </ul>
      {others.length < 2 ? null : (
        <Form action="/account/sessions/end-others" csrf={frame.csrfToken} class="mt-4" enhanced>
          <button type="submit" class="btn">
            {t.settings.sessions.endOthers}
          </button>
        </Form>
      )}
    </>
  );
}

function Row({ session, data, frame }: { session: SessionSummary; data: AccountData; frame: Frame }): JSX.Element {
  const { t, fmt } = frame.language;
  const { timeZone } = data.profile;
  const isHere = session.id === data.sessionId;
  const device = deviceName(session.userAgent) ?? t.settings.sessions.unknown;
  return (
    <li class="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-3 first:pt-0">
      <div class="min-w-0">
        <p class="font-semibold">
          <span class="name">{device}</span>
          {isHere ? <span class="ml-2 font-normal text-muted text-sm">({t.settings.sessions.here})</span> : null}
        </p>
        <p class="text-muted text-sm">
          {session.address === null ? null : <span class="name">{session.address} · </span>}
          {t.settings.sessions.lastUsed} <Age at={session.lastUsedAt} timeZone={timeZone} /> ·{' '}
          {t.settings.sessions.since(fmt.dateTime(session.createdAt, timeZone))}
        </p>
      </div>
      {isHere ? null : (
        <Form action="/account/sessions/end" csrf={frame.csrfToken} enhanced>
          <input type="hidden" name="session" value={session.id} />
          <button type="submit" class="btn btn-sm" aria-label={t.settings.sessions.endOf(device)}>
            {t.settings.sessions.end}
          </button>
        </Form>
      )}
    </li>
  );
}
