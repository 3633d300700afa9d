import type { Tx } from '../db/as-tenant.ts';
import type { UserId } from '../domain/inverter.ts';

/** What an account says of its owner, and the zone of its first site. */
export interface ProfileRow {
  firstName: string;
  lastName: string;
  locale: 'de' | 'en' | null;
  timeZone: string;
}

export async function readProfile(tx: Tx, userId: UserId): Promise<ProfileRow> {
  const { rows } = await tx.query<ProfileRow>(
    `SELECT u.first_name AS "firstName", u.last_name AS "lastName", u.locale, s.time_zone AS "timeZone"
     FROM api.user_account u JOIN api.site s ON s.user_id = u.id WHERE u.id = $1 ORDER BY s.id LIMIT 1`,
    [userId],
  );
  return rows[0] as ProfileRow;
}

export async function updateProfile(tx: Tx, userId: UserId, profile: ProfileRow): Promise<void> {
  await tx.query('UPDATE api.user_account SET first_name = $2, last_name = $3, locale = $4 WHERE id = $1', [
    userId,
    profile.firstName,
    profile.lastName,
    profile.locale,
  ]);
  // Only where it changes: everybody who caches zones is told.
  await tx.query(
    `UPDATE api.site SET time_zone = $2 WHERE user_id = $1 AND time_zone <> $2
       AND id = (SELECT min(id) FROM api.site WHERE user_id = $1)`,
    [userId, profile.timeZone],
  );
}
