import type { Tx } from '../db/as-tenant.ts';
import type { SiteId, UserId } from '../domain/inverter.ts';

export interface SiteRow {
  id: SiteId;
  name: string;
  timeZone: string;
  /** Degrees north and east; both or neither. */
  latitude: number | null;
  longitude: number | null;
}

const COLUMNS = 'id, name, time_zone AS "timeZone", latitude, longitude';

export async function listSites(tx: Tx, userId: UserId): Promise<SiteRow[]> {
  const { rows } = await tx.query<SiteRow>(`SELECT ${COLUMNS} FROM api.site WHERE user_id = $1 ORDER BY id`, [userId]);
  return rows;
}

/** Locks it until the transaction ends. Null when the account has no such site. */
export async function lockSite(tx: Tx, userId: UserId, siteId: SiteId): Promise<SiteRow | null> {
  const { rows } = await tx.query<SiteRow>(
    `SELECT ${COLUMNS} FROM api.site WHERE user_id = $1 AND id = $2 FOR UPDATE`,
    [userId, siteId],
  );
  return rows[0] ?? null;
}

export async function writeSite(tx: Tx, userId: UserId, site: SiteRow): Promise<void> {
  await tx.query(
    'UPDATE api.site SET name = $3, time_zone = $4, latitude = $5, longitude = $6 WHERE user_id = $1 AND id = $2',
    [userId, site.id, site.name, site.timeZone, site.latitude, site.longitude],
  );
}
