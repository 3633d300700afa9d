import type { Tx } from '../db/as-tenant.ts';
import type { DeviceKind, InverterId, UserId } from '../domain/inverter.ts';
import type { AdminPage } from './admin-accounts.ts';

/** An inverter, whosever it is; nothing of what it measured. */
export interface AdminInverterRow {
  id: InverterId;
  userId: UserId;
  email: string;
  kind: DeviceKind;
  serial: string;
  name: string;
  isWaiting: boolean;
  createdAt: Date;
  lastReceivedAt: Date | null;
  gatewaySeenAt: Date | null;
}

export async function adminInverters(tx: Tx, { search, before, atMost }: AdminPage): Promise<AdminInverterRow[]> {
  const { rows } = await tx.query<AdminInverterRow>(
    `SELECT id, user_id AS "userId", email, kind, serial, name, waiting AS "isWaiting", created_at AS "createdAt",
            last_received_at AS "lastReceivedAt", gateway_seen_at AS "gatewaySeenAt"
     FROM api.admin_inverters($1, $2, $3)`,
    [search, before, atMost],
  );
  return rows;
}

export interface AdminGatewayRow {
  id: number;
  userId: UserId;
  email: string;
  kind: DeviceKind;
  serial: string;
  firmware: string | null;
  firstSeenAt: Date;
  lastSeenAt: Date;
}

export async function adminGateways(tx: Tx, { search, before, atMost }: AdminPage): Promise<AdminGatewayRow[]> {
  const { rows } = await tx.query<AdminGatewayRow>(
    `SELECT id, user_id AS "userId", email, kind, serial, firmware, first_seen_at AS "firstSeenAt", last_seen_at AS "lastSeenAt"
     FROM api.admin_gateways($1, $2, $3)`,
    [search, before, atMost],
  );
  return rows;
}

/** A logger that is nobody's. */
export interface StrangerRow {
  serial: string;
  firstSeenAt: Date;
  lastSeenAt: Date;
  lastAddress: string | null;
  /** Accounts that wait for a proof that it is theirs. */
  waiting: number;
}

/** Who was here last first. */
export async function adminStrangers(
  tx: Tx,
  { search, skip, atMost }: { search: string; skip: number; atMost: number },
): Promise<StrangerRow[]> {
  const { rows } = await tx.query<StrangerRow>(
    `SELECT serial, first_seen_at AS "firstSeenAt", last_seen_at AS "lastSeenAt", last_address AS "lastAddress", waiting
     FROM api.admin_strangers($1, $2, $3)`,
    [search, skip, atMost],
  );
  return rows;
}

/** @throws Conflict when another account has the logger */
export async function adminAssignLogger(
  tx: Tx,
  logger: { serial: string; email: string; name: string },
  now: Date,
  address: string,
): Promise<'done' | 'no-account' | 'has-it'> {
  const { rows } = await tx.query<{ outcome: 'done' | 'no-account' | 'has-it' }>(
    'SELECT api.admin_assign_logger($1, $2, $3, $4, $5) AS outcome',
    [logger.serial, logger.email, logger.name, now, address],
  );
  return rows[0]?.outcome ?? 'no-account';
}
