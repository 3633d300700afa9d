import type { JSX } from 'preact';
import type { InverterState } from '../../services/services.ts';
import { useView } from '../view.ts';
import { Icon, type IconName } from './icon.tsx';

const LOOK: Readonly<Record<InverterState, { icon: IconName; tone: string }>> = {
  producing: { icon: 'bolt', tone: 'chip-sun' },
  idle: { icon: 'pause', tone: 'chip-quiet' },
  asleep: { icon: 'moon', tone: 'chip-quiet' },
  stale: { icon: 'clock', tone: '' },
  offline: { icon: 'unplugged', tone: 'chip-problem' },
  never_seen: { icon: 'hourglass', tone: 'chip-quiet' },
  waiting: { icon: 'hourglass', tone: 'chip-quiet' },
};

/** What an inverter is doing: by words, a sign and a colour, so that any one of them is enough. */
export function StateChip({ state }: { state: InverterState }): JSX.Element {
  const { t } = useView();
  const { icon, tone } = LOOK[state];
  return (
    <span class={`chip whitespace-nowrap ${tone}`} title={t.stateHint[state]}>
      <Icon name={icon} class="size-4" />
      {t.state[state]}
    </span>
  );
}
