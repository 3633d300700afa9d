import type { Database } from '../db/database.ts';
import { unpackEnergyState } from '../domain/energy/packing.ts';
import { type InverterKey, readDayState } from '../store/refold.ts';
import { type Recomputed, recompute } from './recompute.ts';

const DAY_MS = 86_400_000;

/**
 * Rebuilds the energy of samples that were put in the place of others, from the first to the last of them. What lies between a sample
 * and the one before it is booked over the time between the two, so the rebuilding begins at the one before the first.
 * @throws InvalidInput when the samples before it are not kept any more
 */
export async function recomputeChanged(
  database: Pick<Database, 'owner'>,
  key: InverterKey,
  changed: { from: Date; to: Date },
  now: Date,
): Promise<Recomputed> {
  const range = { from: await startOf(database, key, changed.from), to: new Date(changed.to.getTime() + 1) };
  return recompute(database, key.inverterId, range, now);
}

async function startOf(database: Pick<Database, 'owner'>, key: InverterKey, from: Date): Promise<Date> {
  const day = new Date(Math.floor(from.getTime() / DAY_MS) * DAY_MS);
  const kept = await database.owner((client) => readDayState(client, key, day));
  // The newest sample of the days before; 0 where there was none.
  const lastMs = kept === null ? 0 : unpackEnergyState(kept.fold).at;
  return lastMs === 0 || lastMs > day.getTime() ? day : new Date(lastMs);
}
