import type { JSX } from 'preact';
import type { ClaimState, LoggerDetails } from '../../../services/logger-service.ts';
import type { InverterCurrent } from '../../../services/services.ts';
import { Age } from '../../components/age.tsx';
import { Form, FormMessage } from '../../components/form.tsx';
import { Icon } from '../../components/icon.tsx';
import type { Frame } from '../../page-definition.ts';

interface ClaimProps {
  frame: Frame;
  inverter: InverterCurrent;
  claim: ClaimState;
}

/** How to show that a logger is one's own, while it waits for that. */
export function Claim({ frame, inverter: { id, timeZone }, claim }: ClaimProps): JSX.Element {
  const { t, fmt } = frame.language;
  const words = t.guide.claim;
  const { restartUntil, isTaken, hasRivals, isReleased, lastSeenAt } = claim;
  const action = `/inverters/${id}/setup`;
  return (
    <div class="mb-5 rounded-field border border-base-300 p-4">
      <h3 class="font-semibold">{words.title}</h3>
      {isTaken ? <p class="mt-1">{words.taken}</p> : <p class="mt-1 text-muted">{words.why}</p>}
      {hasRivals && !isTaken ? <p class="mt-1 font-medium">{words.rivals}</p> : null}
      {isReleased ? <p class="mt-1 text-muted">{words.released}</p> : null}
      <p class="mt-1 text-muted text-sm">
        {lastSeenAt === null ? (
          words.notSeen
        ) : (
          <>
            {words.seen} <Age at={lastSeenAt} timeZone={timeZone} />
          </>
        )}
      </p>
      <FormMessage form={frame.form?.action === action ? frame.form : null} />
      {restartUntil === null ? (
        <Form action={action} csrf={frame.csrfToken} class="mt-3">
          <input type="hidden" name="intent" value="restart" />
          <button type="submit" class="btn btn-primary">
            {words.restart}
          </button>
        </Form>
      ) : (
        <p role="status" class="alert alert-success alert-soft mt-3">
          <Icon name="checkCircle" />
          {words.restarting(fmt.time(restartUntil, timeZone))}
        </p>
      )}
    </div>
  );
}

/** A logger near the user that cannot be used, and perhaps is the one they wait for. */
export function TlsHint({ frame, tls, timeZone }: { frame: Frame; timeZone: string } & Pick<LoggerDetails, 'tls'>) {
  if (tls === null) return null;
  const { t, fmt } = frame.language;
  return (
    <div role="alert" class="alert alert-warning alert-soft mb-5">
      <Icon name="alert" />
      <span>{t.guide.tlsSeen(tls.address, fmt.dateTime(tls.lastSeenAt, timeZone))}</span>
    </div>
  );
}
