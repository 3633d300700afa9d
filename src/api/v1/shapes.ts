import { z } from 'zod';
import { DEVICE_KINDS } from '../../domain/inverter.ts';
import type { AccountSummary } from '../../services/account-summary.ts';
import type {
  ChannelCurrent,
  EnergySeries,
  InverterCurrent,
  InverterSummary,
  PowerPoint,
} from '../../services/services.ts';

/**
 * How the business's words look on the wire: snake_case with the unit in the name, times as ISO 8601 in UTC, unknown as null. The only
 * place that translates; the API, the live stream and the exports use it alike.
 */

const STATES = ['producing', 'idle', 'asleep', 'stale', 'offline', 'never_seen', 'waiting'] as const;
const number = z.number().nullable();
const time = z.iso.datetime().nullable();

export const inverterShape = z
  .object({
    id: z.int(),
    name: z.string(),
    serial: z.string(),
    kind: z.enum(DEVICE_KINDS),
    state: z.enum(STATES),
    site_id: z.int(),
    time_zone: z.string().describe('IANA zone of the site; "today" is its day'),
    rated_power_w: number,
    mppt_count: number,
    last_seen_at: time.describe('when anything at all was heard of it'),
    power_w: number.describe('power of the newest live sample'),
    sampled_at: time.describe('when that sample was measured'),
    energy_today_wh: number,
  })
  .meta({ id: 'Inverter' });

const channelShape = z.object({
  channel: z.int(),
  name: z.string().nullable(),
  power_w: number,
  voltage_v: number,
  current_a: number,
  energy_today_wh: number,
  energy_total_wh: number,
  irradiation_pct: number,
});

const phaseShape = z.object({ voltage_v: number, current_a: number, power_w: number });

export const currentShape = inverterShape
  .extend({
    received_at: time,
    age_s: number.describe('seconds since sampled_at'),
    energy_total_wh: number,
    counter_total_wh: number.describe("the device's own lifetime counter"),
    power_dc_w: number,
    voltage_v: number,
    current_a: number,
    frequency_hz: number,
    power_factor: number,
    temperature_c: number,
    inverter_serial: z.string().nullable(),
    max_power_today_w: number,
    avg_power_last_hour_w: number,
    phases: z.array(phaseShape).optional().describe('three-phase inverters only'),
    channels: z.array(channelShape),
  })
  .meta({ id: 'Current' });

export const pointShape = z.object({ time: z.iso.datetime(), power_w: z.number(), power_max_w: z.number() });

export const energyShape = z
  .object({
    bucket: z.string(),
    time_zone: z.string().describe('whose hours, days, months and years these are'),
    total_wh: number.describe('sum of the points; null where nothing is known'),
    points: z.array(
      z.object({
        start: z.iso.datetime(),
        energy_wh: z.int(),
        estimated: z.boolean().describe('part of it was inferred, not counted'),
      }),
    ),
  })
  .meta({ id: 'Energy' });

export const summaryShape = z
  .object({
    state: z.enum(STATES).describe('the worst that asks for attention, else the liveliest'),
    inverter_count: z.int(),
    power_w: number.describe('sum of what is current'),
    sampled_at: time.describe('the oldest of the values in that sum'),
    age_s: number,
    power_missing_count: z.int().describe('have no current value although they should'),
    energy_today_wh: number,
    energy_total_wh: number,
    energy_missing_count: z.int().describe("are not in today's sum, because nothing is known of them"),
  })
  .meta({ id: 'Summary' });

export const errorShape = z
  .object({
    error: z.string().describe('a stable code'),
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Error' });

type InverterShape = z.infer<typeof inverterShape>;
type CurrentShape = z.infer<typeof currentShape>;

export function inverterToShape(inverter: InverterSummary): InverterShape {
  return {
    id: inverter.id,
    name: inverter.name,
    serial: inverter.serial,
    kind: inverter.kind,
    state: inverter.state,
    site_id: inverter.siteId,
    time_zone: inverter.timeZone,
    rated_power_w: inverter.ratedPowerW,
    mppt_count: inverter.mpptCount,
    last_seen_at: timeToShape(inverter.lastSeenAt),
    power_w: inverter.powerW,
    sampled_at: timeToShape(inverter.sampledAt),
    energy_today_wh: inverter.energyTodayWh,
  };
}

export function currentToShape(current: InverterCurrent): CurrentShape {
  const phases = current.phases.map((p) => ({ voltage_v: p.voltageV, current_a: p.currentA, power_w: p.powerW }));
  return {
    ...inverterToShape(current),
    received_at: timeToShape(current.receivedAt),
    age_s: current.ageS,
    energy_total_wh: current.energyTotalWh,
    counter_total_wh: current.counterTotalWh,
    power_dc_w: current.powerDcW,
    voltage_v: current.voltageV,
    current_a: current.currentA,
    frequency_hz: current.frequencyHz,
    power_factor: current.powerFactor,
    temperature_c: current.temperatureC,
    inverter_serial: current.inverterSerial,
    max_power_today_w: current.maxPowerTodayW,
    avg_power_last_hour_w: current.avgPowerLastHourW,
    ...(phases.length === 0 ? {} : { phases }),
    channels: current.channels.map(channelToShape),
  };
}

export function pointToShape(point: PowerPoint): z.infer<typeof pointShape> {
  return { time: point.time.toISOString(), power_w: point.powerW, power_max_w: point.powerMaxW };
}

export function energyToShape({ bucket, timeZone, totalWh, points }: EnergySeries): z.infer<typeof energyShape> {
  return {
    bucket,
    time_zone: timeZone,
    total_wh: totalWh,
    points: points.map((p) => ({ start: p.start.toISOString(), energy_wh: p.energyWh, estimated: p.estimated })),
  };
}

export function summaryToShape(summary: AccountSummary, now: Date): z.infer<typeof summaryShape> {
  const { sampledAt } = summary;
  return {
    state: summary.state,
    inverter_count: summary.inverterCount,
    power_w: summary.powerW,
    sampled_at: timeToShape(sampledAt),
    age_s: sampledAt === null ? null : Math.max(0, Math.round((now.getTime() - sampledAt.getTime()) / 1000)),
    power_missing_count: summary.powerMissing,
    energy_today_wh: summary.energyTodayWh,
    energy_total_wh: summary.energyTotalWh,
    energy_missing_count: summary.energyMissing,
  };
}

function channelToShape(channel: ChannelCurrent): z.infer<typeof channelShape> {
  return {
    channel: channel.channel,
    name: channel.name,
    power_w: channel.powerW,
    voltage_v: channel.voltageV,
    current_a: channel.currentA,
    energy_today_wh: channel.energyTodayWh,
    energy_total_wh: channel.energyTotalWh,
    irradiation_pct: channel.irradiationPct,
  };
}

function timeToShape(at: Date | null): string | null {
  return at?.toISOString() ?? null;
}
