import type { Tx } from '../db/as-tenant.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';
import { utcDays } from './utc-days.ts';

/** Values of samples as the device sent them, by the names the API gives them. Unknown is null. */
export const AC_VALUES = {
  power_w: 'power_dw / 10.0::float8',
  power_dc_w: 'power_dc_dw / 10.0::float8',
  voltage_v: 'voltage_dv / 10.0::float8',
  current_a: 'current_ca / 100.0::float8',
  frequency_hz: 'frequency_chz / 100.0::float8',
  power_factor: 'power_factor_pm / 1000.0::float8',
  temperature_c: 'temperature_ddegc / 10.0::float8',
  energy_today_wh: 'yield_day_wh',
  energy_total_wh: 'yield_total_wh',
  status: 'status::int',
} as const;

/** Of three phases: the power of each, and what the others have beside the first. */
export const PHASE_VALUES = {
  power_l1_w: 'power_l1_dw / 10.0::float8',
  power_l2_w: 'power_l2_dw / 10.0::float8',
  power_l3_w: 'power_l3_dw / 10.0::float8',
  voltage_l2_v: 'voltage_l2_dv / 10.0::float8',
  voltage_l3_v: 'voltage_l3_dv / 10.0::float8',
  current_l2_a: 'current_l2_ca / 100.0::float8',
  current_l3_a: 'current_l3_ca / 100.0::float8',
} as const;

export const DC_VALUES = {
  power_w: 'power_dw / 10.0::float8',
  voltage_v: 'voltage_dv / 10.0::float8',
  current_a: 'current_ca / 100.0::float8',
  energy_today_wh: 'yield_day_wh',
  energy_total_wh: 'yield_total_wh',
  irradiation_pct: 'irradiation_cpct / 100.0::float8',
} as const;

/** A sample as text, which costs a third of what an object for each would. */
export interface SampleLine {
  /** Milliseconds since 1970, UTC. */
  ms: number;
  /** 0: the inverter's AC side. */
  channel: number;
  /** In the order of the names above, separated by commas; nothing for what is unknown. */
  cells: string;
}

export interface SampleScope {
  userId: UserId;
  inverterId: InverterId;
  /** Inclusive. */
  from: Date;
  /** Exclusive. */
  to: Date;
}

/** In order of time; `phases`: with what each of three phases has. */
export async function readAcSamples(tx: Tx, of: SampleScope, { phases }: { phases: boolean }): Promise<SampleLine[]> {
  if (!phases) return samples(tx, 'ac_samples', 'ac', AC_VALUES, of);
  return samples(tx, 'ac_samples_phases', 'ac', { ...AC_VALUES, ...PHASE_VALUES }, of);
}

/** In order of time, then of the inputs. */
export async function readDcSamples(tx: Tx, of: SampleScope): Promise<SampleLine[]> {
  return samples(tx, 'dc_samples', 'dc', DC_VALUES, of);
}

async function samples(
  tx: Tx,
  name: string,
  kind: 'ac' | 'dc',
  values: Record<string, string>,
  { userId, inverterId, from, to }: SampleScope,
): Promise<SampleLine[]> {
  const [channel, order] = kind === 'ac' ? ['0', 'ts'] : ['channel', 'ts, channel'];
  // What is added keeps a product that is a little too small in its millisecond.
  const { rows } = await tx.query<[ms: number, channel: number, cells: string]>({
    name,
    rowMode: 'array',
    text: `SELECT floor(date_part('epoch', ts) * 1000 + 0.001), ${channel}, concat(${Object.values(values).join(`, ',', `)})
           FROM api.${kind}_sample
           WHERE user_id = $1 AND inverter_id = $2 AND ts >= $3 AND ts < $4 AND ${utcDays('$3', '$4')}
           ORDER BY ${order}`,
    values: [userId, inverterId, from, to],
  });
  return rows.map(([ms, input, cells]) => ({ ms, channel: input, cells }));
}

/** The first quarter hour of which anything is known; null before the first sample. */
export async function firstKnown(tx: Tx, userId: UserId, inverterId: InverterId): Promise<Date | null> {
  const { rows } = await tx.query<{ first: Date | null }>({
    name: 'first_known',
    text: 'SELECT first_energy_ts AS first FROM api.counter WHERE user_id = $1 AND inverter_id = $2',
    values: [userId, inverterId],
  });
  return rows[0]?.first ?? null;
}
