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

type Values<Of> = { sampledAt: Date } & Record<keyof Of, number | null>;
export type AcSample = Values<typeof AC_VALUES> & Partial<Values<typeof PHASE_VALUES>>;
export type DcSample = Values<typeof DC_VALUES> & { channel: number };

export interface SampleScope {
  userId: UserId;
  inverterId: InverterId;
  /** Inclusive. */
  from: Date;
  /** Exclusive. */
  to: Date;
}

/** In order of time; `phases`: with what each of three phases has. */
export async function readAcSamples(tx: Tx, of: SampleScope, { phases }: { phases: boolean }): Promise<AcSample[]> {
  if (!phases) return samples<AcSample>(tx, 'ac_samples', 'ac', AC_VALUES, of);
  return samples<AcSample>(tx, 'ac_samples_phases', 'ac', { ...AC_VALUES, ...PHASE_VALUES }, of);
}

/** In order of time, then of the inputs. */
export async function readDcSamples(tx: Tx, of: SampleScope): Promise<DcSample[]> {
  return samples<DcSample>(tx, 'dc_samples', 'dc', { channel: 'channel', ...DC_VALUES }, of);
}

async function samples<Row extends { sampledAt: Date }>(
  tx: Tx,
  name: string,
  kind: 'ac' | 'dc',
  values: Record<string, string>,
  { userId, inverterId, from, to }: SampleScope,
): Promise<Row[]> {
  const columns = Object.entries(values).map(([column, sql]) => `${sql} AS ${column}`);
  const { rows } = await tx.query<Row>({
    name,
    text: `SELECT ts AS "sampledAt", ${columns.join(', ')} FROM api.${kind}_sample
           WHERE user_id = $1 AND inverter_id = $2 AND ts >= $3 AND ts < $4 AND ${utcDays('$3', '$4')}
           ORDER BY ts ${kind === 'ac' ? '' : ', channel'}`,
    values: [userId, inverterId, from, to],
  });
  return rows;
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
