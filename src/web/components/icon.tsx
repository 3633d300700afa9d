import type { ComponentChildren, JSX } from 'preact';

/** Own drawings on a 24 × 24 grid, 1.75 wide strokes in the text's colour. Always beside words, so hidden from screen readers. */
const DRAWINGS = {
  sun: (
    <>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4" />
    </>
  ),
  inverter: (
    <>
      <rect x="4" y="3.5" width="16" height="13" rx="2.5" />
      <path d="M8 10c1.3-2.7 2.7-2.7 4 0s2.7 2.7 4 0M9 16.5v4M15 16.5v4" />
    </>
  ),
  plus: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="M12 8v8M8 12h8" />
    </>
  ),
  moon: <path d="M20 14.2A8.2 8.2 0 0 1 9.8 4a8.2 8.2 0 1 0 10.2 10.2Z" />,
  bolt: <path d="M13 2.8 5 13.5h6l-1 7.7 8-10.7h-6Z" />,
  pause: <path d="M9 7v10M15 7v10" />,
  clock: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="M12 7v5.3l3.3 2" />
    </>
  ),
  alert: (
    <>
      <path d="M12 3.6 2.9 19.2h18.2Z" />
      <path d="M12 10v4.2M12 16.9v.1" />
    </>
  ),
  unplugged: (
    <>
      <path d="m3 3 18 18M8.5 8.5v3a3.5 3.5 0 0 0 5 3.2M15.5 12.5V8.5h-4M10.5 4v2M15 4v4M12 15v5" />
    </>
  ),
  hourglass: <path d="M7 3.5h10M7 20.5h10M8 3.5c0 5 8 5.5 8 8.5s-8 3.5-8 8.5M16 3.5c0 5-8 5.5-8 8.5s8 3.5 8 8.5" />,
  check: <path d="m5 12.5 4.5 4.5L19 7.5" />,
  checkCircle: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="m8 12.3 2.8 2.8L16 9.5" />
    </>
  ),
  user: (
    <>
      <circle cx="12" cy="8.5" r="4" />
      <path d="M4.5 20.5c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5" />
    </>
  ),
  contrast: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="M12 3a9 9 0 0 1 0 18Z" fill="currentColor" stroke="none" />
    </>
  ),
  back: <path d="M14.5 5.5 8 12l6.5 6.5" />,
  next: <path d="M9.5 5.5 16 12l-6.5 6.5" />,
  copy: (
    <>
      <rect x="8.5" y="8.5" width="12" height="12" rx="2.5" />
      <path d="M15.5 8.5V6A2.5 2.5 0 0 0 13 3.5H6A2.5 2.5 0 0 0 3.5 6v7A2.5 2.5 0 0 0 6 15.5h2.5" />
    </>
  ),
  table: <path d="M4 5.5h16v13H4zM4 10h16M4 14.2h16M10 10v8.5" />,
  download: <path d="M12 4v11M7 10.5l5 5 5-5M4.5 20h15" />,
  panels: <path d="M6.5 4.5h11L20.5 16h-17ZM5 10.2h14M12 4.5V16M12 16v4M8.5 20h7" />,
  pencil: <path d="m4 20 1-4.5L16.5 4a2.1 2.1 0 0 1 3 0l.5.5a2.1 2.1 0 0 1 0 3L8.5 19Z" />,
  trash: <path d="M4 6.5h16M9 6.5V4h6v2.5M6.5 6.5 7.3 20.5h9.4l.8-14M10 10.5v6M14 10.5v6" />,
  radio: (
    <>
      <circle cx="12" cy="12" r="2" />
      <path d="M7.5 16.5a6.4 6.4 0 0 1 0-9M16.5 7.5a6.4 6.4 0 0 1 0 9M4.6 19.4a10.5 10.5 0 0 1 0-14.8M19.4 4.6a10.5 10.5 0 0 1 0 14.8" />
    </>
  ),
} as const satisfies Record<string, ComponentChildren>;

export type IconName = keyof typeof DRAWINGS;

export function Icon({ name, class: className = 'size-5' }: { name: IconName; class?: string }): JSX.Element {
  return (
    <svg
      class={`shrink-0 ${className}`}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {DRAWINGS[name]}
    </svg>
  );
}

/** The mark: a sun that is half a power curve. */
export function SunMark({ class: className = 'size-7' }: { class?: string }): JSX.Element {
  return (
    <svg class={`shrink-0 ${className}`} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" class="mark-ground" />
      <path d="M5 22.5c4.5 0 5-11.5 11-11.5s6.5 11.5 11 11.5Z" class="mark-sun" />
      <path d="M16 4.5v3M7.8 7.3l1.9 2.3M24.2 7.3l-1.9 2.3" class="mark-rays" />
    </svg>
  );
}
