import type pg from 'pg';
import { apiKeyHint, hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import type { FleetDevice } from '../../src/simulate/report.ts';
import { addActiveInverter, insertAccount, insertApiKeyFor } from '../../src/store/owner-accounts.ts';

/** An account that has all devices of a fleet, and the key they push with, which may read too. */
export async function addFleetAccount(owner: pg.Client, devices: readonly FleetDevice[]): Promise<{ apiKey: string }> {
  const apiKey = newApiKey();
  const userId = await insertAccount(owner, {
    email: 'fleet@example.org',
    passwordHash: 'x',
    firstName: '',
    lastName: '',
    timeZone: 'Europe/Berlin',
    isAdmin: false,
    isVerified: true,
  });
  const key = { name: 'fleet', scope: 'full' as const, hash: hashApiKey(apiKey), hint: apiKeyHint(apiKey) };
  await insertApiKeyFor(owner, userId, { ...key, createdAt: new Date(), expiresAt: null });
  for (const { kind, serial, name } of devices) {
    await addActiveInverter(owner, userId, { kind, serial, name, ratedPowerW: null, timeZone: null });
  }
  return { apiKey };
}
