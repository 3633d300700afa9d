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

/** What was at one moment, as text, which costs a third of what an object would. */
export interface SampleLine {
  /** Milliseconds since 1970, UTC. */
  ms: number;
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
  const values = phases ? { ...AC_VALUES, ...PHASE_VALUES } : AC_VALUES;
  return lines(tx, of, {
    name: phases ? 'ac_samples_phases' : 'ac_samples',
    text: `SELECT ${MS}, ${cellsOf(values)} FROM api.ac_sample WHERE ${IN_SCOPE} ORDER BY ts`,
  });
}

/** In order of time, a line for all inputs of a moment, in the order they are asked for. */
export async function readDcSamples(tx: Tx, of: SampleScope, channels: readonly number[]): Promise<SampleLine[]> {
  const nothing = ','.repeat(Object.keys(DC_VALUES).length - 1);
  const inputs = channels.map(
    (_, i) => `coalesce(max(cells) FILTER (WHERE channel = $${i + 5}::smallint), '${nothing}')`,
  );
  return lines(
    tx,
    of,
    {
      name: `dc_samples_${channels.length}`,
      // OFFSET keeps the texts from being built once for each input.
      text: `SELECT ${MS}, concat_ws(',', ${inputs.join(', ')})
             FROM (SELECT ts, channel, ${cellsOf(DC_VALUES)} AS cells FROM api.dc_sample WHERE ${IN_SCOPE} OFFSET 0) s
             GROUP BY ts ORDER BY ts`,
    },
    channels,
  );
}

// What is added keeps a product that is a little too small in its millisecond.
const MS = `floor(date_part('epoch', ts) * 1000 + 0.001)`;

/** Days are unpacked as a whole, so none that only begins where the range ends. */
const IN_SCOPE = `user_id = $1 AND inverter_id = $2 AND ts >= $3 AND ts < $4
  AND ${utcDays('$3', `($4::timestamptz - interval '1 microsecond')`)}`;

function cellsOf(values: Record<string, string>): string {
  return `concat(${Object.values(values).join(`, ',', `)})`;
}

async function lines(
  tx: Tx,
  { userId, inverterId, from, to }: SampleScope,
  statement: { name: string; text: string },
  more: readonly unknown[] = [],
): Promise<SampleLine[]> {
  const { rows } = await tx.query<[ms: number, cells: string]>({
    ...statement,
    rowMode: 'array',
    values: [userId, inverterId, from, to, ...more],
  });
  return rows.map(([ms, cells]) => ({ ms, cells }));
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
