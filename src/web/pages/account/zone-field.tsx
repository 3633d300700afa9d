import type { JSX } from 'preact';

interface ZoneFieldProps {
  id: string;
  label: string;
  /** The present one. */
  zone: string;
  /** What was chosen in a form that came back. */
  chosen?: string | undefined;
  hint?: string | undefined;
}

export function ZoneField({ id, label, zone, chosen = zone, hint }: ZoneFieldProps): JSX.Element {
  return (
    <div class="flex flex-col gap-1.5">
      <label for={id} class="font-semibold text-sm">
        {label}
      </label>
      <select
        id={id}
        name="time_zone"
        class="select w-full"
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      >
        {zones(zone).map((one) => (
          <option key={one} value={one} selected={one === chosen}>
            {one.replaceAll('_', ' ')}
          </option>
        ))}
      </select>
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="text-muted text-sm">
          {hint}
        </p>
      )}
    </div>
  );
}

const ZONES = Intl.supportedValuesOf('timeZone');

/** All there are, and the present one, which may be an older name of one of them. */
function zones(present: string): string[] {
  return ZONES.includes(present) ? ZONES : [present, ...ZONES];
}
