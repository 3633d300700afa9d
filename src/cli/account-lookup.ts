import { NotFound } from '../domain/errors.ts';
import type { UserId } from '../domain/inverter.ts';
import { findAccountId, type OwnerClient } from '../store/owner-accounts.ts';

/** @throws NotFound */
export async function accountIdOf(owner: OwnerClient, email: string): Promise<UserId> {
  const id = await findAccountId(owner, email.trim());
  if (id === null) throw new NotFound(`There is no account with the address ${email}.`);
  return id;
}
