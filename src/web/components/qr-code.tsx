import type { JSX } from 'preact';
import { encode } from 'uqr';

/** Modules of white around the code: what readers need of it (ISO/IEC 18004). */
const QUIET_ZONE = 4;

/** A text for the camera of another device, always black on white, as many readers know no other. */
export function QrCode({ text, label }: { text: string; label: string }): JSX.Element {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET_ZONE });
  return (
    <svg
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      class="w-56 max-w-full rounded-field bg-white"
      shape-rendering="crispEdges"
    >
      <path d={pathOf(data)} fill="#000" />
    </svg>
  );
}

/** One stroke of squares for each row's runs of black modules. */
function pathOf(rows: boolean[][]): string {
  let path = '';
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x++) {
      const from = x;
      while (row[x] === true) x++;
      if (x > from) path += `M${from} ${y}h${x - from}v1h${from - x}z`;
    }
  }
  return path;
}
