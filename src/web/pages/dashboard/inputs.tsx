import type { JSX } from 'preact';
import { isCurrent } from '../../../domain/state.ts';
import type { ChannelCurrent, InverterCurrent } from '../../../services/services.ts';
import { freshness } from '../../components/age.tsx';
import { Figure, Name, Unknown } from '../../components/figure.tsx';
import { useView } from '../../view.ts';

/** A tile per panel or string, each with a bar against the strongest: a dead one is seen at a glance. */
export function Inputs({ inverter }: { inverter: InverterCurrent }): JSX.Element | null {
  const { t } = useView();
  const { channels, state } = inverter;
  if (channels.length === 0) return null;
  const strongestW = channels.reduce((max, { powerW }) => Math.max(max, powerW ?? 0), 0);
  return (
    <section class="mt-8" {...freshness(!isCurrent(state), inverter.staleAfterS)}>
      <h2 class="mb-3 font-bold text-lg">{t.dashboard.inputs}</h2>
      <ul class="grid grid-cols-2 gap-3 md:gap-4 lg:grid-cols-4">
        {channels.map((channel, index) => (
          <li key={channel.channel} class={`panel panel-tight flex flex-col gap-3 series-${(index % 6) + 1}`}>
            <Input channel={channel} strongestW={strongestW} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Input({ channel, strongestW }: { channel: ChannelCurrent; strongestW: number }): JSX.Element {
  const { t, fmt } = useView();
  const { name, powerW, voltageV, currentA, energyTodayWh, energyTotalWh } = channel;
  const share = powerW === null || strongestW <= 0 ? null : Math.max(0, powerW) / strongestW;
  return (
    <>
      <h3 class="flex items-center gap-2 font-semibold">
        <span class="legend-dot shrink-0" />
        <Name>{name === null || name === '' ? t.dashboard.input(fmt.number(channel.channel)) : name}</Name>
      </h3>
      <p>
        <Figure of={powerW === null ? null : fmt.powerParts(powerW)} />
      </p>
      {share === null ? null : (
        <svg class="h-2 w-full" role="img" aria-label={t.dashboard.inputShare(fmt.percent(share))}>
          <rect class="bar-ground" width="100%" height="8" rx="4" />
          <rect class="series-fill" width={`${Math.round(share * 1000) / 10}%`} height="8" rx="4" />
        </svg>
      )}
      <p class="text-muted text-sm tabular-nums">
        {voltageV === null ? <Unknown /> : fmt.quantity(voltageV, 'V', 1)}
        {' · '}
        {currentA === null ? <Unknown /> : fmt.quantity(currentA, 'A', 2)}
      </p>
      <dl class="mt-auto grid grid-cols-[auto_1fr] gap-x-3 text-sm">
        <dt class="text-muted">{t.dashboard.inputToday}</dt>
        <dd class="text-right tabular-nums">{energyTodayWh === null ? <Unknown /> : fmt.energy(energyTodayWh)}</dd>
        <dt class="text-muted">{t.dashboard.inputTotal}</dt>
        <dd class="text-right tabular-nums">{energyTotalWh === null ? <Unknown /> : fmt.energy(energyTotalWh)}</dd>
      </dl>
    </>
  );
}
