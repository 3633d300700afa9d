import type { DataFields, Layout } from './layout.ts';

function input(n: 1 | 2 | 3 | 4): DataFields {
  const at = 213 + 6 * (n - 1);
  return [
    { at, type: 'u16be', scale: 0.1, max: 200, metric: `pv${n}.voltageV`, words: `PV${n} voltage` },
    { at: at + 2, type: 'u16be', scale: 0.01, max: 60, metric: `pv${n}.currentA`, words: `PV${n} current` },
    { at: at + 4, type: 'u16be', scale: 0.1, max: 5000, metric: `pv${n}.powerW`, words: `PV${n} power` },
  ];
}

/** TSUN microinverters of the third generation. The measurements are big-endian; the payload always carries four inputs. */
export const tsun: Layout = {
  name: 'TSUN microinverter',
  sensorTypes: [0x02b0],
  source: 'solarman-v5 §3.7; checked against a frame of an MS2000, logger firmware LSW5BLE_17_02B0_1.05',
  minLength: 243,
  lengths: [409],
  inputs: 4,
  shownInputs: 'all',
  counterStepWh: 10,
  fields: [
    { at: 21, type: 'ascii', length: 16, metric: 'inverterSerial', words: 'inverter serial' },
    { at: 199, type: 'u16be', scale: 0.1, max: 600, metric: 'phase1.voltageV', words: 'grid voltage' },
    { at: 201, type: 'u16be', scale: 0.01, max: 100, metric: 'phase1.currentA', words: 'grid current' },
    { at: 203, type: 'u16be', scale: 0.01, max: 80, metric: 'frequencyHz', words: 'grid frequency' },
    {
      at: 205,
      type: 'u16be',
      plus: -40,
      absent: 0,
      max: 150,
      metric: 'temperatureC',
      words: 'inverter temperature + 40',
    },
    { at: 209, type: 'u16be', absent: 0, max: 20_000, metric: 'ratedPowerW', words: 'rated power' },
    { at: 211, type: 'u16be', scale: 0.1, max: 6000, metric: 'powerW', words: 'output power' },
    ...input(1),
    ...input(2),
    ...input(3),
    ...input(4),
    {
      at: 237,
      type: 'u16be',
      scale: 0.01,
      unit: 'kWh',
      max: 600_000,
      metric: 'energyTodayWh',
      words: 'daily generation',
    },
    { at: 239, type: 'u32be', scale: 0.01, unit: 'kWh', max: 1e9, metric: 'energyTotalWh', words: 'total generation' },
  ],
};
