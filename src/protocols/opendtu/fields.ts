import type { FieldRow } from '../json-push/field-reader.ts';
import type { NumberRule } from '../json-push/scalars.ts';

/*
 * The push format's numbers (devices §1.2, §1.3): digits are the protocol's, ranges keep out what the radio's 16-bit fields hold
 * when a frame is broken (6553.5 V, 655.35 A, 65 535 Wh; devices §0.7) and what no installation reaches. They are no plausibility
 * check: three-phase HMT report the line-to-line voltage (~400 V) and, on the 4T, the current of one phase only (devices §0.8), so
 * no window for 230 V and no P = U·I here. Power may be slightly negative where a bridge sends it.
 */
const WATTS: NumberRule = { min: -100_000, max: 100_000, decimals: 1 };
const AMPERES: NumberRule = { min: -100, max: 100, decimals: 2 };
const PERCENT: NumberRule = { min: 0, max: 10_000, decimals: 3 };
const CELSIUS: NumberRule = { min: -60, max: 150, decimals: 1 };
/** An inverter on no grid measures nothing; 0 V and 0 Hz must not drag averages or raise alarms (case `night-zeroed`). */
const AC_VOLTS: NumberRule = { min: 0, max: 600, decimals: 1, zeroIsUnknown: true };
const HERTZ: NumberRule = { min: 40, max: 70, decimals: 2, zeroIsUnknown: true };
/** 0…1, although the firmware's documentation says percent. */
const POWER_FACTOR: NumberRule = { min: -1, max: 1, decimals: 3 };
/** A dead panel does measure 0 V. */
const DC_VOLTS: NumberRule = { min: 0, max: 1000, decimals: 1 };
/** 65 535 is the full 16-bit field of a broken frame. */
const DAY_WH: NumberRule = { min: 0, max: 65_534, decimals: 0 };
/**
 * kWh as sent, Wh as stored. The radio's 32 bits end at 4 294 967 kWh; known jumps below that (2 113 405 and 694 419 kWh) are well
 * formed, and only the counter's history tells them from the truth. Negative with a user's offset.
 */
const TOTAL_WH: NumberRule = { min: -1e10, max: 1e10, decimals: 0, scale: 1000 };

/** `measurements.*`. The last three are not in the format yet, but the gateway has them (devices §1.2). */
export const AC_FIELDS = [
  { key: 'power_ac', metric: 'powerW', rule: WATTS },
  { key: 'power_dc', metric: 'powerDcW', rule: WATTS },
  { key: 'voltage_ac', metric: 'voltageV', rule: AC_VOLTS },
  { key: 'current_ac', metric: 'currentA', rule: AMPERES },
  { key: 'frequency', metric: 'frequencyHz', rule: HERTZ },
  { key: 'power_factor', metric: 'powerFactor', rule: POWER_FACTOR },
  { key: 'temperature', metric: 'temperatureC', rule: CELSIUS },
  { key: 'yield_day', metric: 'energyTodayWh', rule: { ...DAY_WH, max: 6 * 65_534 } },
  { key: 'yield_total', metric: 'energyTotalWh', rule: TOTAL_WH },
] as const satisfies readonly FieldRow<string>[];

/** `dc_channels[].*` */
export const CHANNEL_FIELDS = [
  { key: 'power', metric: 'powerW', rule: WATTS },
  { key: 'voltage', metric: 'voltageV', rule: DC_VOLTS },
  { key: 'current', metric: 'currentA', rule: AMPERES },
  { key: 'yield_day', metric: 'energyTodayWh', rule: DAY_WH },
  { key: 'yield_total', metric: 'energyTotalWh', rule: TOTAL_WH },
  { key: 'irradiation', metric: 'irradiationPct', rule: PERCENT },
] as const satisfies readonly FieldRow<string>[];
