import type { DataFields, Layout } from './layout.ts';

/** The register's -1000 offset is already taken off; -1000 itself (FC18) means "not available" (solarman-v5 §3.5). */
const NO_TEMPERATURE = -1000;

/** One DC input: voltage and current in the first, little-endian part, counters in the big-endian part. */
function input(n: 1 | 2 | 3 | 4): DataFields {
  const i = n - 1;
  return [
    { at: 85 + 4 * i, type: 'u16le', scale: 0.1, max: 200, metric: `pv${n}.voltageV`, words: `PV${n} voltage` },
    { at: 87 + 4 * i, type: 'u16le', scale: 0.1, max: 60, metric: `pv${n}.currentA`, words: `PV${n} current` },
    {
      at: 135 + 2 * i,
      type: 'u16be',
      scale: 0.1,
      unit: 'kWh',
      max: 200_000,
      metric: `pv${n}.energyTodayWh`,
      words: `PV${n} daily generation`,
    },
    {
      at: 143 + 4 * i,
      type: 'u32be',
      scale: 0.1,
      unit: 'kWh',
      max: 1e9,
      metric: `pv${n}.energyTotalWh`,
      words: `PV${n} total generation`,
    },
    {
      at: 159 + 16 * i,
      type: 'ascii',
      length: 16,
      pad: ' ',
      metric: `pv${n}.portSerial`,
      detail: true,
      words: `serial number of port ${n}`,
    },
  ];
}

/**
 * Deye microinverters: SUN300…2000G3, SUN-M60/80/…G3, MI600 and their rebrands.
 * Little-endian up to offset 125, big-endian after that. No status or alarm field is known, and no power per input: it is V × I.
 */
export const deyeMicro: Layout = {
  name: 'Deye microinverter',
  sensorTypes: [0x5408],
  source: 'solarman-v5 §3.5; checked against a frame of a SUN-M80G3-EU-Q0, logger firmware MW3_16U_5406_2.32-D1',
  minLength: 251,
  lengths: [330, 534],
  inputs: 4,
  shownInputs: 'mpptCount',
  counterStepWh: 100,
  fields: [
    { at: 21, type: 'ascii', length: 10, metric: 'inverterSerial', words: 'inverter serial' },
    { at: 31, type: 'u16le', metric: 'deviceClass', detail: true, words: 'device class, 4 = microinverter' },
    {
      at: 33,
      type: 'u32le',
      scale: 0.01,
      unit: 'kWh',
      max: 1_000_000,
      metric: 'energyTodayWh',
      words: 'daily generation',
    },
    {
      at: 37,
      type: 'u32le',
      scale: 0.1,
      unit: 'kWh',
      max: 1e9,
      metric: 'energyTotalWh',
      words: 'cumulative generation',
    },
    { at: 45, type: 'u16le', scale: 0.1, max: 600, metric: 'phase1.voltageV', words: 'AC voltage R/U/A' },
    { at: 47, type: 'u16le', scale: 0.1, max: 600, metric: 'phase2.voltageV', words: 'AC voltage S/V/B' },
    { at: 49, type: 'u16le', scale: 0.1, max: 600, metric: 'phase3.voltageV', words: 'AC voltage T/W/C' },
    { at: 51, type: 'u16le', scale: 0.1, max: 100, metric: 'phase1.currentA', words: 'AC current R/U/A' },
    { at: 53, type: 'u16le', scale: 0.1, max: 100, metric: 'phase2.currentA', words: 'AC current S/V/B' },
    { at: 55, type: 'u16le', scale: 0.1, max: 100, metric: 'phase3.currentA', words: 'AC current T/W/C' },
    { at: 57, type: 'u16le', scale: 0.01, max: 80, metric: 'frequencyHz', words: 'AC output frequency' },
    { at: 59, type: 'u32le', max: 20_000, metric: 'powerW', words: 'total AC output power (active)' },
    {
      at: 63,
      type: 's16le',
      scale: 0.01,
      absent: NO_TEMPERATURE,
      min: -60,
      max: 150,
      metric: 'temperatureC',
      words: 'radiator temperature',
    },
    ...([2, 3, 4, 5] as const).map((n, i) => ({
      at: 65 + 2 * i,
      type: 's16le' as const,
      scale: 0.01 as const,
      absent: NO_TEMPERATURE,
      metric: `temperature${n}C` as const,
      detail: true as const,
      words: 'further temperature, meaning unknown',
    })),
    { at: 101, type: 'ascii', length: 8, metric: 'protocolVersion', words: 'protocol version' },
    { at: 109, type: 'ascii', length: 8, metric: 'dcFirmware', words: 'control board firmware version' },
    { at: 117, type: 'ascii', length: 8, metric: 'acFirmware', words: 'communication board firmware version' },
    { at: 127, type: 'u32be', scale: 0.1, absent: 0, max: 50_000, metric: 'ratedPowerW', words: 'rated power' },
    { at: 131, type: 'u8', absent: 0, max: 4, metric: 'mpptCount', words: 'number of MPPTs' },
    { at: 132, type: 'u8', absent: 0, max: 3, metric: 'phaseCount', words: 'number of phases' },
    {
      at: 133,
      type: 'u16be',
      metric: 'deviceClassRegister',
      detail: true,
      words: 'device class again, as the register has it',
    },
    ...input(1),
    ...input(2),
    ...input(3),
    ...input(4),
    {
      at: 223,
      type: 'u16be',
      scale: 0.01,
      metric: 'overFrequencyStartHz',
      detail: true,
      words: 'over-frequency load reduction start',
    },
    {
      at: 225,
      type: 'u16be',
      metric: 'overFrequencyReductionPct',
      detail: true,
      words: 'over-frequency load reduction percentage',
    },
    { at: 235, type: 'u16be', scale: 0.1, metric: 'gridVoltageMaxV', detail: true, words: 'grid voltage upper limit' },
    { at: 237, type: 'u16be', scale: 0.1, metric: 'gridVoltageMinV', detail: true, words: 'grid voltage lower limit' },
    {
      at: 239,
      type: 'u16be',
      scale: 0.01,
      metric: 'gridFrequencyMaxHz',
      detail: true,
      words: 'grid frequency upper limit',
    },
    {
      at: 241,
      type: 'u16be',
      scale: 0.01,
      metric: 'gridFrequencyMinHz',
      detail: true,
      words: 'grid frequency lower limit',
    },
    { at: 243, type: 'u16be', metric: 'selfCheckS', detail: true, words: 'start-up self-check time' },
    { at: 245, type: 'clock.u8', metric: 'inverterClock', words: 'inverter clock' },
  ],
};
