import type { JSX } from 'preact';
import { isCurrent } from '../../domain/state.ts';
import type { ChannelCurrent, InverterCurrent } from '../../services/services.ts';
import { type InputShare, inputShares } from '../input-shares.ts';
import { useView } from '../view.ts';
import { freshness } from './age.tsx';
import { Figure, Name, Unknown } from './figure.tsx';
import { Icon } from './icon.tsx';

/** A tile per panel or string, each with a bar against the strongest: a dead one is seen at a glance. */
export function Inputs({ inverter }: { inverter: InverterCurrent }): JSX.Element | null {
  const { channels, state } = inverter;
  if (channels.length === 0) return null;
  const isNow = isCurrent(state);
  const shares = inputShares(channels);
  return (
    <ul class="grid grid-cols-2 gap-3 md:gap-4 lg:grid-cols-4" {...freshness(!isNow, inverter.staleAfterS)}>
      {channels.map((channel, index) => (
        <li key={channel.channel} class={`panel panel-tight flex flex-col gap-3 series-${(index % 6) + 1}`}>
          <Input channel={channel} share={shares[index]} isNow={isNow} />
        </li>
      ))}
    </ul>
  );
}

/** The name somebody gave it, else its number. */
export function useInputName(): (channel: Pick<ChannelCurrent, 'channel' | 'name'>) => string {
  const { t, fmt } = useView();
  return ({ channel, name }) => (name === null || name === '' ? t.dashboard.input(fmt.number(channel)) : name);
}

function Input({
  channel,
  share,
  isNow,
}: {
  channel: ChannelCurrent;
  share: InputShare | undefined;
  isNow: boolean;
}): JSX.Element {
  const { t, fmt } = useView();
  const nameOf = useInputName();
  const { powerW, voltageV, currentA, energyTodayWh, energyTotalWh } = channel;
  const ofStrongest = share?.ofStrongest ?? null;
  return (
    <>
      <h3 class="flex items-center gap-2 font-semibold">
        <span class="legend-dot shrink-0" />
        <Name>{nameOf(channel)}</Name>
      </h3>
      <p>
        <Figure of={powerW === null ? null : fmt.powerParts(powerW)} />
      </p>
      {ofStrongest === null ? null : (
        <svg class="h-2 w-full" role="img" aria-label={t.dashboard.inputShare(fmt.percent(ofStrongest))}>
          <rect class="bar-ground" width="100%" height="8" rx="4" />
          <rect class="series-fill" width={`${Math.round(ofStrongest * 1000) / 10}%`} height="8" rx="4" />
        </svg>
      )}
      {isNow && share?.isDead === true ? (
        <p>
          <span class="chip chip-problem">
            <Icon name="alert" class="size-4" />
            {t.dashboard.inputDead}
          </span>
        </p>
      ) : null}
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
