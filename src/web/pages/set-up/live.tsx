import type { ComponentChildren, JSX } from 'preact';
import { isCurrent } from '../../../domain/state.ts';
import type { InverterCurrent } from '../../../services/services.ts';
import { Age } from '../../components/age.tsx';
import { Figure, Name } from '../../components/figure.tsx';
import { Icon } from '../../components/icon.tsx';
import { isGuideKind } from '../../guide/kinds.ts';
import { useView } from '../../view.ts';
import type { SetUpData } from './data.ts';

export function setUpFragments({ inverter }: SetUpData): Record<string, ComponentChildren> {
  return { arrival: isCurrent(inverter.state) ? <Arrived inverter={inverter} /> : <Waiting inverter={inverter} /> };
}

function Waiting({ inverter }: { inverter: InverterCurrent }): JSX.Element {
  const { t } = useView();
  const { state, kind, sampledAt, timeZone } = inverter;
  const hint = kind === 'solarman' ? t.guide.waitingHint.solarman : t.guide.waitingHint.others;
  return (
    <>
      <div class="flex items-center gap-4 rounded-field bg-base-200 p-4">
        <span class="pulse text-sun-ink">
          <Icon name="radio" class="size-8" />
        </span>
        <div>
          <p class="font-semibold">{t.guide.waiting}</p>
          <p class="text-muted">{state === 'waiting' ? t.guide.unconfirmed : hint}</p>
          {sampledAt === null ? null : (
            <p class="text-muted text-sm">
              {t.dashboard.lastSeen}: <Age at={sampledAt} timeZone={timeZone} />
            </p>
          )}
        </div>
      </div>
      {isGuideKind(kind) ? (
        <div class="mt-5">
          <h3 class="font-semibold">{t.guide.afterFive}</h3>
          <ul class="mt-2 flex list-disc flex-col gap-1.5 pl-5 text-muted">
            {t.guide.checks[kind].map((check) => (
              <li key={check}>{check}</li>
            ))}
          </ul>
        </div>
      ) : null}
    </>
  );
}

function Arrived({ inverter }: { inverter: InverterCurrent }): JSX.Element {
  const { t, fmt } = useView();
  const { id, name, powerW, sampledAt, timeZone } = inverter;
  return (
    <div class="arrive flex flex-wrap items-center gap-x-6 gap-y-4 rounded-field border-2 border-success p-4">
      <Icon name="checkCircle" class="size-10 text-success" />
      <div class="min-w-40 flex-1">
        <p class="font-bold text-lg text-success">{t.guide.arrived}</p>
        <p class="name">{t.guide.arrivedHint(name)}</p>
      </div>
      <p>
        <Figure of={powerW === null ? null : fmt.powerParts(powerW)} />{' '}
        {sampledAt === null ? null : (
          <span class="text-muted text-sm">
            <Age at={sampledAt} timeZone={timeZone} />
          </span>
        )}
      </p>
      <a href={`/dashboard/${id}`} class="btn btn-primary">
        {t.guide.toDashboard}
        <span class="sr-only">
          <Name>{name}</Name>
        </span>
      </a>
    </div>
  );
}
