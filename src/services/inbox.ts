import { asTenant } from '../db/as-tenant.ts';
import type { DbPool } from '../db/pools.ts';
import { InvalidInput, NotFound } from '../domain/errors.ts';
import { type DeviceKind, normaliseSerial, type UserId } from '../domain/inverter.ts';
import { modelOf } from '../protocols/opendtu/models.ts';
import { listPending, type PendingKey, type PendingRow, readAutoAdd, writeAutoAdd } from '../store/pending.ts';
import type { InboxService, InverterService, PendingDevice } from './services.ts';

export interface InboxServiceOptions {
  inverters: Pick<InverterService, 'add'>;
  /** Books what a device sent before it was added; what it cannot book now is booked later. */
  book: (key: PendingKey) => Promise<void>;
}

/** The devices that wait to be registered, on the table of `store/pending`. */
export function createInboxService(pool: DbPool, { inverters, book }: InboxServiceOptions): InboxService {
  return {
    list: (userId) => asTenant(pool, userId, async (tx) => (await listPending(tx, userId)).map(described)),

    async claim(user, device, now) {
      const key = keyOf(user.id, device.kind, device.serial);
      const own = await asTenant(pool, user.id, async (tx) => {
        const waiting = await listPending(tx, user.id);
        return waiting.find(({ kind, serial }) => kind === key?.kind && serial === key.serial);
      });
      if (key === null || own === undefined)
        throw new NotFound('There is no such device in the inbox of this account.');
      const name = device.name ?? own.name ?? own.serial;
      const added = await inverters.add(user, { name, serial: key.serial, kind: key.kind }, now);
      await book(key);
      return added;
    },

    autoAdd: (userId) => readAutoAdd(pool, userId),
    setAutoAdd: (userId, on) => writeAutoAdd(pool, userId, on),
  };
}

function described(row: PendingRow): PendingDevice {
  const model = row.kind === 'opendtu' ? modelOf(row.serial) : null;
  return {
    ...row,
    model: model?.name ?? null,
    mpptCount: model?.inputs ?? null,
    ratedPowerW: model?.ratedPowerW ?? null,
  };
}

/** Null for what cannot be a serial: it is in nobody's inbox. */
function keyOf(userId: UserId, kind: DeviceKind, serial: string): PendingKey | null {
  try {
    return { userId, kind, serial: normaliseSerial(serial, kind) };
  } catch (error) {
    if (error instanceof InvalidInput) return null;
    throw error;
  }
}
