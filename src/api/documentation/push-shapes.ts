import { z } from 'zod';
import { DEVICE_KINDS, MAX_CHANNELS } from '../../domain/inverter.ts';
import { MAX_READINGS } from '../../protocols/readings/readings.ts';

/**
 * What devices send and are answered. Their bodies are read field by field (protocols/), more tolerantly than any schema says: this is
 * what a well-behaved sender sends.
 */
const number = z.number().nullish();
const energy = {
  energy_today_wh: z.number().nullish().describe('counter of the day'),
  energy_total_wh: z.number().nullish().describe('lifetime counter; energy is booked from its steps'),
};

const reading = z.object({
  serial: z.string(),
  sampled_at: z.string().describe('ISO 8601 with offset'),
  kind: z.enum(DEVICE_KINDS).nullish().describe('needed where devices of several kinds have the serial'),
  power_w: number,
  power_dc_w: number,
  voltage_v: number,
  current_a: number,
  frequency_hz: number,
  power_factor: number,
  temperature_c: number,
  ...energy,
  channels: z
    .array(
      z.object({
        channel: z.int().min(1).max(MAX_CHANNELS),
        name: z.string().nullish(),
        power_w: number,
        voltage_v: number,
        current_a: number,
        ...energy,
        irradiation_pct: number,
      }),
    )
    .nullish(),
});
export const readingsBody = z.object({ readings: z.array(reading).max(MAX_READINGS) });

const deviceState = {
  serial: z.string(),
  name: z.string().nullish(),
  reachable: z.boolean().nullish(),
  producing: z.boolean().nullish(),
  last_update: number.describe('Unix seconds; 0: never'),
};

export const opendtuBody = z.object({
  timestamp: z.string().nullish().describe('ISO 8601; the time of arrival where it is missing or plainly wrong'),
  dtu_serial: z.string().nullish(),
  inverters: z.array(
    z.object({
      ...deviceState,
      measurements: z
        .object({
          power_ac: number.describe('W'),
          voltage_ac: number.describe('V'),
          current_ac: number.describe('A'),
          frequency: number.describe('Hz'),
          power_factor: number,
          power_dc: number.describe('W'),
        })
        .nullish(),
      dc_channels: z
        .array(
          z.object({
            channel: z.int(),
            name: z.string().nullish(),
            power: number.describe('W'),
            voltage: number.describe('V'),
            current: number.describe('A'),
            yield_day: number.describe('Wh'),
            yield_total: number.describe('kWh'),
            irradiation: number.describe('%'),
          }),
        )
        .nullish(),
    }),
  ),
});

export const victronBody = z.object({
  timestamp: z.string().nullish(),
  cerbo_serial: z.string().nullish(),
  devices: z.array(
    z.object({
      ...deviceState,
      device_instance: z.int().nullish(),
      product_name: z.string().nullish(),
      yield_power_w: number,
      yield_total_kwh: number,
      trackers: z
        .array(z.object({ tracker: z.int(), name: z.string().nullish(), voltage: number, power: number }))
        .nullish(),
    }),
  ),
});

/** How a family's devices are answered: the predecessor's keys. */
function pushAnswer(gateway: string, total: string, serial: string, power: string): z.ZodType {
  return z.object({
    error: z.string().optional().describe('a stable code, where nothing was stored'),
    message: z.string().optional(),
    [gateway]: z.string().nullable(),
    timestamp: z.union([z.string(), z.number()]).describe('as it was sent, or when it arrived'),
    [total]: z.int(),
    success_count: z.int(),
    error_count: z.int(),
    results: z.array(
      z.object({
        [serial]: z.string().nullable(),
        status: z.enum(['ok', 'error']),
        inverter_id: z.int().optional(),
        [power]: z.int().nullable().optional().describe('W'),
        stale: z.boolean().optional().describe('the device repeats itself: its power is not of now'),
        error: z.string().optional(),
      }),
    ),
  });
}
export const opendtuAnswer = pushAnswer('dtu_serial', 'total_inverters', 'serial', 'power_ac');
export const victronAnswer = pushAnswer('cerbo_serial', 'total_devices', 'device_identifier', 'yield_power_w');
