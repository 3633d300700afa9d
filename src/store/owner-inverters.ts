import type { DeviceKind, InverterId, UserId } from '../domain/inverter.ts';
import { ask } from './ask.ts';
import type { OwnerClient } from './owner-accounts.ts';

/** An inverter as the command line knows it, whosever it is. */
export interface FoundInverter {
  id: InverterId;
  userId: UserId;
  kind: DeviceKind;
  serial: string;
  name: string;
  /** A logger that is not proven yet: nothing is stored for it. */
  isWaiting: boolean;
}

export async function findInverter(owner: OwnerClient, id: InverterId): Promise<FoundInverter | null> {
  const [row] = await ask<FoundInverter>(
    owner,
    'SELECT id, user_id AS "userId", kind, serial, name, waiting AS "isWaiting" FROM api.inverter WHERE id = $1',
    [id],
  );
  return row ?? null;
}

/** Samples whose energy waits for a replay. */
export async function countLateSamples(
  owner: OwnerClient,
  { userId, id }: Pick<FoundInverter, 'userId' | 'id'>,
): Promise<number> {
  const [row] = await ask<{ count: number }>(
    owner,
    'SELECT count(*)::int AS count FROM store.late_sample WHERE user_id = $1 AND inverter_id = $2',
    [userId, id],
  );
  return row?.count ?? 0;
}
