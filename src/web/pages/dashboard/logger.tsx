import type { JSX } from 'preact';
import type { GatewayInfo, KeptFrames, LoggerDetails } from '../../../services/logger-service.ts';
import type { InverterCurrent } from '../../../services/services.ts';
import { Age } from '../../components/age.tsx';
import { Name } from '../../components/figure.tsx';
import { Icon } from '../../components/icon.tsx';
import { useView } from '../../view.ts';
import { Fact } from './facts.tsx';

interface LoggerProps {
  inverter: Pick<InverterCurrent, 'id' | 'timeZone'>;
  logger: LoggerDetails;
}

/** What the logger said of itself, what it sent that nothing could be made of, and the way to give it up. */
export function Logger({ inverter, logger: { claim, gateway, keptFrames } }: LoggerProps): JSX.Element {
  const { t } = useView();
  return (
    <>
      {gateway === null ? (
        <p class="text-muted">{t.dashboard.logger.nothing}</p>
      ) : (
        <Gateway gateway={gateway} timeZone={inverter.timeZone} />
      )}
      {keptFrames.length === 0 ? null : <Kept inverter={inverter} keptFrames={keptFrames} />}
      {claim !== null ? null : (
        <p class="mt-4">
          <a href={`/inverters/${inverter.id}/release`} class="link">
            {t.dashboard.logger.release}
          </a>
        </p>
      )}
    </>
  );
}

function Gateway({ gateway, timeZone }: { gateway: GatewayInfo; timeZone: string }): JSX.Element {
  const { t, fmt } = useView();
  const words = t.dashboard.logger;
  const { firmware, hardware, inverterFirmware, localAddress, wifiName, signalPct, handshakeAt } = gateway;
  // What a device says of itself may be anything: it is shown as a name, never as markup, and breaks where it must.
  const named = (text: string | null): JSX.Element | null => (text === null ? null : <Name>{text}</Name>);
  const minutes = (seconds: number | null): string | null =>
    seconds === null ? null : seconds % 60 === 0 ? fmt.quantity(seconds / 60, 'min', 0) : fmt.quantity(seconds, 's', 0);
  return (
    <dl class="grid gap-x-10 sm:grid-cols-2 lg:grid-cols-3">
      <Fact label={words.firmware}>{named(firmware)}</Fact>
      <Fact label={words.hardware}>{named(hardware)}</Fact>
      <Fact label={words.inverterFirmware}>{named(inverterFirmware)}</Fact>
      <Fact label={words.wifi}>{named(wifiName)}</Fact>
      <Fact label={words.signal}>{signalPct === null ? null : fmt.percent(signalPct / 100)}</Fact>
      <Fact label={words.localAddress}>
        {/* At most 16 characters: whole, or its last digit is lost from sight. */}
        {localAddress === null ? null : <bdi class="whitespace-nowrap">{localAddress}</bdi>}
      </Fact>
      <Fact label={words.upload}>{minutes(gateway.uploadPeriodS)}</Fact>
      <Fact label={words.sampling}>{minutes(gateway.samplePeriodS)}</Fact>
      <Fact label={words.heartbeat}>{minutes(gateway.heartbeatPeriodS)}</Fact>
      <Fact label={words.handshake}>{handshakeAt === null ? null : <Age at={handshakeAt} timeZone={timeZone} />}</Fact>
    </dl>
  );
}

function Kept({ inverter, keptFrames }: Pick<LoggerProps, 'inverter'> & { keptFrames: KeptFrames[] }): JSX.Element {
  const { t } = useView();
  const words = t.dashboard.logger;
  return (
    <div class="mt-4 rounded-field bg-base-200 p-4">
      <ul class="flex flex-col gap-1">
        {keptFrames.map(({ layout, reason, count, lastReceivedAt }) => (
          <li key={`${layout} ${reason}`}>
            <span class="font-semibold">
              {reason === 'unknown_layout' ? words.unknownLayout(layout) : words.kept(layout)}
            </span>{' '}
            <span class="text-muted text-sm">
              {words.frames(count)}, {words.last} <Age at={lastReceivedAt} timeZone={inverter.timeZone} />
            </span>
          </li>
        ))}
      </ul>
      <p class="mt-2 text-muted text-sm">{words.keptHint}</p>
      <a href={`/api/v1/inverters/${inverter.id}/frames`} class="btn btn-sm mt-3" download>
        <Icon name="download" class="size-4" />
        {words.download}
      </a>
    </div>
  );
}
