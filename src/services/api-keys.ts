import { apiKeyHint, hashApiKey, isApiKey, newApiKey } from '../crypto/api-key.ts';
import { asTenant } from '../db/as-tenant.ts';
import type { Pools } from '../db/pools.ts';
import { Conflict, InvalidInput, NotFound, NotSignedIn } from '../domain/errors.ts';
import type { UserId } from '../domain/inverter.ts';
import { addApiKey, findApiKey, type KeyRow, listApiKeys, revokeApiKey, touchApiKey } from '../store/api-keys.ts';
import { audit } from '../store/inverters.ts';
import { sessionUser } from './accounts/accounts.ts';
import type { ApiKeyService, IdentifiedKey } from './services.ts';

/** A revoked key is forgotten at the database's notice; this is for the notice that never came. */
const CACHED_MS = 30_000;
/** A key in use is asked for again this long before, so that nobody waits for it; least of all a fleet whose key it is. */
const RENEW_WITHIN_MS = 10_000;
const TOUCH_EVERY_MS = 5 * 60_000;
const MAX_CACHED_KEYS = 10_000;
const MAX_NAME_LENGTH = 100;
const MAX_KEYS = 100;

export interface ApiKeysOptions {
  pools: Pick<Pools, 'app'>;
  /** Told when noting a key's use failed: the request it belonged to was answered long ago. */
  onError: (error: unknown) => void;
}

export interface ApiKeys extends ApiKeyService {
  /** Asks the database for every key again. To be called when it says that keys or accounts changed. */
  invalidate(): void;
  /** Resolves when what runs beside the requests is written: before the pools are ended. */
  settled(): Promise<void>;
}

interface KnownKey extends IdentifiedKey {
  keyExpiresAt: Date | null;
  /** Until then it serves without a query. */
  cachedUntilMs: number;
}

/** API keys, on the table of `store/api-keys`. A push with a known key costs one SHA-256 and no query. */
export function createApiKeys(options: ApiKeysOptions): ApiKeys {
  const { app } = options.pools;
  const known = new Map<string, KnownKey>();
  const touchedMs = new Map<number, number>();
  const running = new Set<Promise<void>>();
  /** Queries under way, by hash: many who come with one key ask once. */
  const asking = new Map<string, Promise<KnownKey>>();
  let generation = 0;

  function lookUp(hash: Buffer, now: Date): Promise<KnownKey> {
    const name = hash.toString('base64');
    const underWay = asking.get(name);
    if (underWay !== undefined) return underWay;
    const asked = query(hash, now).finally(() => {
      if (asking.get(name) === asked) asking.delete(name);
    });
    asking.set(name, asked);
    return asked;
  }

  async function query(hash: Buffer, now: Date): Promise<KnownKey> {
    const startedIn = generation;
    const row = await findApiKey(app, hash);
    if (row === null || !lives(row, now)) {
      known.delete(hash.toString('base64'));
      throw refusal();
    }
    const key: KnownKey = {
      user: sessionUser(row.account),
      keyId: row.keyId,
      scope: row.scope,
      keyExpiresAt: row.expiresAt,
      // An answer that was overtaken by a change while it was under way serves this once.
      cachedUntilMs: startedIn === generation ? now.getTime() + CACHED_MS : Number.NEGATIVE_INFINITY,
    };
    remember(known, hash.toString('base64'), key);
    return key;
  }

  function cached(hash: Buffer, now: Date): KnownKey | null {
    const key = known.get(hash.toString('base64'));
    return key !== undefined && key.cachedUntilMs > now.getTime() ? key : null;
  }

  function renewInTime(hash: Buffer, key: KnownKey, now: Date): void {
    if (key.cachedUntilMs - now.getTime() > RENEW_WITHIN_MS || asking.has(hash.toString('base64'))) return;
    // Whoever comes when it is over asks again, and is told why not.
    const renewing = lookUp(hash, now)
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => running.delete(renewing));
    running.add(renewing);
  }

  function noteUse(key: KnownKey, now: Date): void {
    const last = touchedMs.get(key.keyId);
    if (last !== undefined && now.getTime() - last < TOUCH_EVERY_MS) return;
    remember(touchedMs, key.keyId, now.getTime());
    const writing = touchApiKey(app, key.user.id, key.keyId, now)
      .catch(options.onError)
      .finally(() => running.delete(writing));
    running.add(writing);
  }

  return {
    async create(userId: UserId, { name: rawName, scope, expiresAt }, now, from) {
      const name = checkedKeyName(rawName);
      if (expiresAt !== null && expiresAt <= now) {
        throw new InvalidInput('The key would be over already.', { expires_at: 'must be in the future' });
      }
      const key = newApiKey();
      const hash = hashApiKey(key);
      const facts = { name, scope, hash, hint: apiKeyHint(key), createdAt: now, expiresAt };
      return asTenant(app, userId, async (tx) => {
        if ((await listApiKeys(tx, userId)).length >= MAX_KEYS) {
          throw new Conflict(`An account has at most ${MAX_KEYS} keys: revoke one first.`);
        }
        const id = await addApiKey(tx, userId, facts);
        const detail = { key_id: id, name, scope };
        await audit(tx, { actorId: userId, userId, action: 'api-key.created', detail, address: from?.address });
        return { id, name, scope, key };
      });
    },

    list: (userId) => asTenant(app, userId, (tx) => listApiKeys(tx, userId)),

    async revoke(userId, keyId, now, from) {
      await asTenant(app, userId, async (tx) => {
        if (!(await revokeApiKey(tx, userId, keyId, now)))
          throw new NotFound(`There is no API key ${keyId} in this account.`);
        const detail = { key_id: keyId };
        await audit(tx, { actorId: userId, userId, action: 'api-key.revoked', detail, address: from?.address });
      });
      // The database tells the other processes.
      this.invalidate();
    },

    async identify(text, now) {
      const sent = text.trim();
      if (!isApiKey(sent)) throw refusal();
      const hash = hashApiKey(sent);
      const key = cached(hash, now) ?? (await lookUp(hash, now));
      if (isOver(key.keyExpiresAt, now)) throw refusal();
      noteUse(key, now);
      return identified(key);
    },

    recall(text, now) {
      const sent = text.trim();
      if (!isApiKey(sent)) return null;
      const hash = hashApiKey(sent);
      const key = cached(hash, now);
      if (key === null || isOver(key.keyExpiresAt, now)) return null;
      renewInTime(hash, key, now);
      noteUse(key, now);
      return identified(key);
    },

    remembers(text) {
      const sent = text.trim();
      return isApiKey(sent) && known.has(hashApiKey(sent).toString('base64'));
    },

    invalidate() {
      generation++;
      // An answer that is overtaken serves those who asked before, nobody who asks now.
      asking.clear();
      // To be looked up again, but not forgotten: a device that was let in before is not a stranger (`remembers`).
      for (const key of known.values()) key.cachedUntilMs = Number.NEGATIVE_INFINITY;
    },

    async settled() {
      await Promise.all(running);
    },
  };
}

/** @throws InvalidInput */
export function checkedKeyName(text: string): string {
  const name = text.trim();
  if (name === '') throw new InvalidInput('The key needs a name.', { name: 'required' });
  if (name.length > MAX_NAME_LENGTH || /\p{Cc}/u.test(name)) {
    throw new InvalidInput('The name of the key cannot be kept.', {
      name: `at most ${MAX_NAME_LENGTH} printable characters`,
    });
  }
  return name;
}

function lives(row: KeyRow, now: Date): boolean {
  return row.revokedAt === null && !row.account.isDisabled && !isOver(row.expiresAt, now);
}

function isOver(expiresAt: Date | null, now: Date): boolean {
  return expiresAt !== null && expiresAt <= now;
}

function identified({ user, keyId, scope }: KnownKey): IdentifiedKey {
  return { user, keyId, scope };
}

/** Puts an entry at the young end and drops the oldest beyond the bound, so that strangers' keys cannot grow the memory. */
function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_CACHED_KEYS) map.delete(map.keys().next().value as K);
}

function refusal(): NotSignedIn {
  return new NotSignedIn('The API key is missing or not valid.');
}
