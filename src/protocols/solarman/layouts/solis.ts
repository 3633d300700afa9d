import type { Layout } from './layout.ts';

/**
 * Solis / Ginlong string inverters behind a Wi-Fi stick. All little-endian. A single-phase inverter reports its one phase in the third
 * slot. 0x0501 is taken to be the same layout; the LAN loggers' 0x0503 is not, and is kept undecoded.
 */
export const solis: Layout = {
  name: 'Solis / Ginlong string inverter',
  sensorTypes: [0x0507, 0x0501],
  source: 'solarman-v5 §3.7; checked against two frames, logger firmware MW_08_0501_1.58',
  minLength: 147,
  lengths: [233],
  inputs: 2,
  shownInputs: 'all',
  counterStepWh: 100,
  fields: [
    { at: 21, type: 'ascii', length: 16, pad: ' ', metric: 'inverterSerial', words: 'inverter serial' },
    { at: 37, type: 'u16le', scale: 0.1, max: 150, metric: 'temperatureC', words: 'temperature' },
    { at: 39, type: 'u16le', scale: 0.1, max: 1500, metric: 'pv1.voltageV', words: 'PV1 voltage' },
    { at: 41, type: 'u16le', scale: 0.1, max: 1500, metric: 'pv2.voltageV', words: 'PV2 voltage' },
    { at: 43, type: 'u16le', scale: 0.1, max: 300, metric: 'pv1.currentA', words: 'PV1 current' },
    { at: 45, type: 'u16le', scale: 0.1, max: 300, metric: 'pv2.currentA', words: 'PV2 current' },
    { at: 47, type: 'u16le', scale: 0.1, max: 500, metric: 'phase1.currentA', words: 'grid current L1' },
    { at: 49, type: 'u16le', scale: 0.1, max: 500, metric: 'phase2.currentA', words: 'grid current L2' },
    { at: 51, type: 'u16le', scale: 0.1, max: 500, metric: 'phase3.currentA', words: 'grid current L3' },
    { at: 53, type: 'u16le', scale: 0.1, max: 1000, metric: 'phase1.voltageV', words: 'grid voltage L1' },
    { at: 55, type: 'u16le', scale: 0.1, max: 1000, metric: 'phase2.voltageV', words: 'grid voltage L2' },
    { at: 57, type: 'u16le', scale: 0.1, max: 1000, metric: 'phase3.voltageV', words: 'grid voltage L3' },
    { at: 59, type: 'u16le', scale: 0.01, max: 80, metric: 'frequencyHz', words: 'grid frequency' },
    { at: 61, type: 'u16le', max: 60_000, metric: 'powerW', words: 'AC power' },
    {
      at: 65,
      type: 'u32le',
      scale: 0.01,
      unit: 'kWh',
      max: 2_000_000,
      metric: 'energyTodayWh',
      words: 'energy today',
    },
    { at: 69, type: 'u32le', scale: 0.1, unit: 'kWh', max: 1e10, metric: 'energyTotalWh', words: 'energy total' },
    { at: 135, type: 'clock.u16le', metric: 'inverterClock', words: 'inverter clock' },
  ],
};
