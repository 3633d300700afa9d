import type { ComponentChildren, JSX } from 'preact';
import type { InverterCurrent } from '../../../services/services.ts';
import { Age } from '../../components/age.tsx';
import { Name } from '../../components/figure.tsx';
import { useView } from '../../view.ts';

/** What the inverter is and what its grid side shows. What is unknown is left out: this is a description, not a measurement. */
export function Facts({ inverter }: { inverter: InverterCurrent }): JSX.Element {
  const { t, fmt } = useView();
  const { kind, serial, inverterSerial, ratedPowerW, mpptCount, timeZone, lastSeenAt, phases } = inverter;
  const words = t.dashboard;
  const known = (value: number | null, show: (value: number) => string): string | null =>
    value === null ? null : show(value);
  return (
    <dl class="grid gap-x-10 sm:grid-cols-2 lg:grid-cols-3">
      <Fact label={words.total}>{known(inverter.energyTotalWh, (wh) => fmt.energy(wh))}</Fact>
      <Fact label={words.lastSeen}>{lastSeenAt === null ? null : <Age at={lastSeenAt} timeZone={timeZone} />}</Fact>
      <Fact label={words.kind}>{t.kind[kind]}</Fact>
      {inverterSerial === null ? (
        <Fact label={kind === 'solarman' ? words.loggerSerial : words.serial}>
          <Name>{serial}</Name>
        </Fact>
      ) : (
        <>
          <Fact label={words.serial}>
            <Name>{inverterSerial}</Name>
          </Fact>
          <Fact label={words.loggerSerial}>
            <Name>{serial}</Name>
          </Fact>
        </>
      )}
      <Fact label={words.rated}>{known(ratedPowerW, (w) => fmt.power(w))}</Fact>
      <Fact label={words.mppt}>{known(mpptCount, (n) => fmt.number(n))}</Fact>
      <Fact label={words.voltage}>
        {phases.length > 0 ? null : known(inverter.voltageV, (v) => fmt.quantity(v, 'V', 1))}
      </Fact>
      {phases.map((phase, index) => (
        <Fact key={index} label={words.phase(index + 1)}>
          {[
            known(phase.powerW, (w) => fmt.power(w)),
            known(phase.voltageV, (v) => fmt.quantity(v, 'V', 1)),
            known(phase.currentA, (a) => fmt.quantity(a, 'A', 2)),
          ]
            .filter((text) => text !== null)
            .join(' · ')}
        </Fact>
      ))}
      <Fact label={words.frequency}>{known(inverter.frequencyHz, (hz) => fmt.quantity(hz, 'Hz', 2))}</Fact>
      <Fact label={words.temperature}>{known(inverter.temperatureC, (c) => fmt.quantity(c, '°C', 1))}</Fact>
      <Fact label={words.zone}>{timeZone}</Fact>
    </dl>
  );
}

export function Fact({ label, children }: { label: string; children: ComponentChildren }): JSX.Element | null {
  if (children === null || children === '') return null;
  return (
    <div class="flex items-baseline justify-between gap-4 border-base-300 border-t py-2.5">
      <dt class="text-muted">{label}</dt>
      <dd class="min-w-0 text-right font-medium tabular-nums">{children}</dd>
    </div>
  );
}
