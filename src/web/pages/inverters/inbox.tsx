import type { JSX } from 'preact';
import type { PendingDevice } from '../../../services/services.ts';
import { Age } from '../../components/age.tsx';
import { Name } from '../../components/figure.tsx';
import { Field, Form } from '../../components/form.tsx';
import { Icon } from '../../components/icon.tsx';
import type { Frame } from '../../page-definition.ts';

export const CLAIM = '/inverters/claim';
export const AUTO_ADD = '/inverters/auto-add';

/** Devices that send with a key of the account and are not registered: each with the one button that adds it. */
export function Inbox({ pending, frame }: { pending: PendingDevice[]; frame: Frame }): JSX.Element | null {
  const { t } = frame.language;
  if (pending.length === 0 || frame.user?.isVerified === false) return null;
  return (
    <section class="panel mb-6 border-2 border-primary" aria-labelledby="inbox">
      <h2 id="inbox" class="flex items-center gap-2 font-bold text-lg">
        <Icon name="radio" class="size-5" />
        {t.inbox.found(pending.length)}
      </h2>
      <p class="mt-1 text-muted">{t.inbox.lead}</p>
      <ul class="mt-2 flex flex-col divide-y divide-base-300">
        {pending.map((device) => (
          <li key={`${device.kind} ${device.serial}`} class="py-4">
            <Device device={device} frame={frame} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Device({ device, frame }: { device: PendingDevice; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  const { kind, serial, name, model, mpptCount, gatewaySerial, lastSeenAt, readings } = device;
  const posted = frame.form?.action === CLAIM && frame.form.values['serial'] === serial ? frame.form : null;
  const facts = [
    model,
    mpptCount === null ? null : t.inbox.inputs(mpptCount),
    gatewaySerial === null ? null : t.inbox.via(gatewaySerial),
    readings === 0 ? null : t.inbox.waiting(readings),
  ].filter((fact) => fact !== null);
  return (
    <>
      <p class="font-semibold">
        {t.kind[kind]} · <Name>{serial}</Name>
      </p>
      <p class="text-muted text-sm">
        <Name>{facts.join(' · ')}</Name>
        {facts.length === 0 ? null : ' · '}
        {t.inbox.lastSeen} <Age at={lastSeenAt} timeZone={frame.config.timeZone} />
      </p>
      <Form action={CLAIM} csrf={frame.csrfToken} class="mt-3 flex flex-wrap items-start gap-2">
        <input type="hidden" name="kind" value={kind} />
        <input type="hidden" name="serial" value={serial} />
        <div class="min-w-40 flex-1">
          <Field
            id={`claim-${kind}-${serial}`}
            name="name"
            label={t.inbox.name(serial)}
            hiddenLabel
            value={posted?.values['name'] ?? name ?? serial}
            error={posted?.errors['name'] ?? posted?.errors['serial']}
            maxlength={100}
          />
        </div>
        <button type="submit" class="btn btn-primary" aria-label={t.inbox.addOf(serial)}>
          {t.inbox.add}
        </button>
      </Form>
    </>
  );
}

/** The switch that lets new devices in without being asked for. */
export function AutoAdd({ isOn, frame }: { isOn: boolean; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  return (
    <section id="auto-add" class="panel mt-6 flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
      <div class="min-w-60 flex-1">
        <h2 class="font-bold text-lg">{t.inbox.auto}</h2>
        <p class="text-muted text-sm">{isOn ? t.inbox.autoHint.on : t.inbox.autoHint.off}</p>
      </div>
      <Form action={AUTO_ADD} csrf={frame.csrfToken}>
        <input type="hidden" name="on" value={isOn ? 'no' : 'yes'} />
        <button type="submit" class="btn">
          {isOn ? t.inbox.autoOff : t.inbox.autoOn}
        </button>
      </Form>
    </section>
  );
}
