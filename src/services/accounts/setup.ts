import { newToken, sha256 } from '../../crypto/tokens.ts';
import { type OwnerClient, replaceSetupToken } from '../../store/owner-accounts.ts';

/**
 * A fresh one-time link for the first administrator, to be printed at the start of the server; the one before it is worthless from
 * now on.
 * @returns the token, or null when there is an administrator already
 */
export async function issueSetupToken(owner: OwnerClient, now: Date): Promise<string | null> {
  const token = newToken();
  return (await replaceSetupToken(owner, sha256(token), now)) ? token : null;
}
