import type { InverterPowerRow } from '../store/power-series.ts';
import type { PowerPoint } from './services.ts';

/** An inverter that reports every few minutes keeps its last power meanwhile; one that is silent for longer has none. */
const HELD_MS = 10 * 60_000;

/**
 * Power of several inverters together. Adding what happens to be in each bucket would draw a dip wherever one of them is a little late.
 * @param rows in order of time
 */
export function sumPower(rows: readonly InverterPowerRow[]): PowerPoint[] {
  const points: PowerPoint[] = [];
  const last = new Map<number, { powerW: number; ms: number }>();
  for (let i = 0; i < rows.length; ) {
    const ms = rows[i]?.time.getTime() ?? 0;
    for (; i < rows.length && rows[i]?.time.getTime() === ms; i++) {
      const row = rows[i] as InverterPowerRow;
      last.set(row.inverterId, { powerW: row.powerW, ms });
    }
    let powerW = 0;
    for (const held of last.values()) if (ms - held.ms <= HELD_MS) powerW += held.powerW;
    const rounded = Math.round(powerW * 10) / 10;
    points.push({ time: new Date(ms), powerW: rounded, powerMaxW: rounded });
  }
  return points;
}
