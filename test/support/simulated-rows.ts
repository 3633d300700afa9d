import { floorTo } from '../../src/simulate/deye-micro.ts';
import { type InverterState, VirtualInverter } from '../../src/simulate/inverter.ts';
import { HM_1500 } from '../../src/simulate/models.ts';
import { Random } from '../../src/simulate/random.ts';
import { Sky } from '../../src/simulate/sky.ts';
import type { SampleRow } from './sample-rows.ts';

/** How the times of samples lie: exactly a minute apart, a few whole seconds off, or off by any number of milliseconds. */
export type Cadence = 'steady' | 'jittered' | 'milliseconds';

const INPUTS = 4;
const MINUTE_MS = 60_000;

/** Rows of the simulator's inverters with all columns of a single-phase device with four inputs, a sample a minute by daylight. */
export function simulatedRows(
  inverterIds: readonly number[],
  startMs: number,
  days: number,
  cadence: Cadence,
): { ac: SampleRow[]; dc: SampleRow[] } {
  const sky = new Sky({ seed: 7, place: { latitude: 52.5, longitude: 13.4 }, alwaysDaySinceMs: null });
  const ac: SampleRow[] = [];
  const dc: SampleRow[] = [];
  for (const inverterId of inverterIds) {
    const random = new Random(inverterId);
    const inverter = new VirtualInverter({
      seed: inverterId,
      model: HM_1500,
      sky,
      startMs: startMs - MINUTE_MS,
      lifetimeWh: Array.from({ length: INPUTS }, (_, i) => 900_000 + 50_000 * i),
      panels: Array.from({ length: INPUTS }, (_, i) => ({
        name: `Modul ${i + 1}`,
        seed: inverterId * 10 + i,
        peakW: 410,
        tiltDeg: 30,
        azimuthDeg: 150 + 20 * i,
        lagSteps: i,
        derate: 0.93,
      })),
    });
    for (let minute = 0; minute < days * 1440; minute++) {
      const ms = startMs + minute * MINUTE_MS + offsetMs(cadence, random);
      if (!inverter.isAwake(ms)) continue;
      const state = inverter.advanceTo(ms, 120);
      const ts = new Date(ms).toISOString();
      ac.push({ channel: 0, inverterId, ts, values: acValues(state) });
      state.inputs.forEach((input, i) => {
        const currentCa = input.voltageV > 0 ? Math.round((input.powerW / input.voltageV) * 100) : 0;
        dc.push({
          channel: i + 1,
          inverterId,
          ts,
          values: [
            Math.round(input.powerW * 10),
            Math.round(input.voltageV * 10),
            currentCa,
            floorTo(input.todayWh, 1),
            floorTo(input.totalWh, 1),
            Math.round((input.powerW / 410) * 10_000),
          ],
        });
      });
    }
  }
  return { ac, dc };
}

function offsetMs(cadence: Cadence, random: Random): number {
  if (cadence === 'steady') return 0;
  return cadence === 'jittered' ? random.integer(0, 6) * 1000 : random.integer(0, 6000);
}

/** In the order of AC_COLUMNS. */
function acValues(state: InverterState): (number | null)[] {
  const powerFactor = state.powerW <= 0 ? 0 : 1 - 0.4 * Math.exp((-40 * state.powerW) / HM_1500.ratedPowerW);
  return [
    Math.round(state.powerW * 10),
    Math.round(state.powerDcW * 10),
    Math.round(state.gridVoltageV * 10),
    null,
    null,
    Math.round((state.powerW / state.gridVoltageV) * 100),
    null,
    null,
    null,
    null,
    null,
    Math.round(state.frequencyHz * 100),
    Math.round(powerFactor * 1000),
    Math.round(state.temperatureC * 10),
    floorTo(state.todayWh, 10),
    floorTo(state.totalWh, 100),
    0,
  ];
}
