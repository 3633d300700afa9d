import { apiKeyHint, hashApiKey, newApiKey } from '../crypto/api-key.ts';
import { checkedKeyName } from '../services/api-keys.ts';
import type { ApiKeyScope } from '../services/services.ts';
import { insertApiKeyFor } from '../store/owner-accounts.ts';
import { accountIdOf } from './account-lookup.ts';
import { type CliContext, explain, runAction, UsageError, withDatabase } from './context.ts';

const SCOPES: readonly ApiKeyScope[] = ['ingest', 'read', 'full'];

const CREATE = {
  usage: 'deye-hard api-key create --email E --name N [--scope ingest|read|full] [--json]',
  help: `Makes an API key for an account and prints it once.

--name N   what it is for, e.g. the device that gets it
--scope S  ingest (the default): send measurements, nothing else; read: read the account; full: both, and manage`,
  required: ['email', 'name'],
  options: ['email', 'name', 'scope'],
  flags: [],
} as const;

/** `deye-hard api-key …`. Exit codes: 0 done, 1 failed, 2 wrong usage. */
export async function apiKey(args: string[], context: CliContext): Promise<number> {
  const [action, ...rest] = args;
  if (action !== 'create') return explain(args, [CREATE.usage], context);
  return runAction(CREATE, rest, context, async ({ values, json }) => {
    const scope = SCOPES.find((known) => known === (values.scope ?? 'ingest'));
    if (scope === undefined) throw new UsageError(`--scope is one of ${SCOPES.join(', ')}.`);
    const name = checkedKeyName(values.name ?? '');
    const key = newApiKey();
    const id = await withDatabase(context, ({ owner }) =>
      owner(async (client) =>
        insertApiKeyFor(client, await accountIdOf(client, values.email ?? ''), {
          name,
          scope,
          hash: hashApiKey(key),
          hint: apiKeyHint(key),
          createdAt: new Date(),
          expiresAt: null,
        }),
      ),
    );
    if (json) context.out(JSON.stringify({ id, name, scope, key }));
    else context.out(`API key ${id} "${name}" (${scope}), shown this once:\n${key}`);
  });
}
