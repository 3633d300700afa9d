import { createHash } from 'node:crypto';
import type { ComponentChildren, JSX } from 'preact';
import type { InverterSummary } from '../../../services/services.ts';
import { Age } from '../../components/age.tsx';
import { StateChip } from '../../components/state-chip.tsx';
import { useView } from '../../view.ts';
import type { InvertersData } from './data.ts';

/** Only the state of each: the rest of a row is forms, and somebody may be typing. */
export function inverterFragments({ inverters }: InvertersData): Record<string, ComponentChildren> {
  return Object.fromEntries(
    inverters.map((inverter) => [partOf(inverter), <State key={inverter.id} inverter={inverter} />]),
  );
}

/** Its rows hold forms, so a row that comes or goes is a new page. A short name for all of them. */
export function invertersShape({ inverters, pending }: InvertersData): string {
  const rows = [pending.map(({ kind, serial }) => [kind, serial]), inverters.map(({ id }) => id)];
  return createHash('sha256').update(JSON.stringify(rows)).digest('base64url').slice(0, 16);
}

export function partOf({ id }: Pick<InverterSummary, 'id'>): string {
  return `state-${id}`;
}

function State({ inverter: { state, lastSeenAt, timeZone } }: { inverter: InverterSummary }): JSX.Element {
  const { t } = useView();
  return (
    <span class="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
      <StateChip state={state} />
      <span class="text-muted">
        {lastSeenAt === null ? (
          t.inverters.neverSeen
        ) : (
          <>
            {t.inverters.lastSeen} <Age at={lastSeenAt} timeZone={timeZone} />
          </>
        )}
      </span>
    </span>
  );
}
