import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { apiKeyHint, hashApiKey, newApiKey } from '../crypto/api-key.ts';
import { argon2id } from '../crypto/passwords.ts';
import { ConfigError } from '../domain/errors.ts';
import { demoFleet } from '../simulate/demo.ts';
import type { FleetDevice } from '../simulate/report.ts';
import {
  addActiveInverter,
  findAccountId,
  insertAccount,
  insertApiKeyFor,
  type OwnerClient,
  replacePassword,
} from '../store/owner-accounts.ts';
import { type CommandContext, EXIT_OK } from './commands.ts';
import { announce, startUnlessStopped, stopped } from './console.ts';

const DEMO_EMAIL = 'demo@example.org';
/** So that the first look is at curves, not at a dot; loggers bring a day in about two minutes. */
const HISTORY_DAYS = 2;
/** Counters are reckoned anew from the first start on: after so long they begin higher instead. */
const LONGEST_DEMO_MS = 7 * 86_400_000;

/**
 * The real server on data of its own (DATA_DIR/demo), with a simulated fleet that reaches it as real devices do: frames over TCP, pushes
 * over HTTP.
 * @throws ConfigError with an external database: demo devices have no business there
 */
export async function serveDemo(context: CommandContext): Promise<number> {
  if (context.config.databaseUrl !== null) {
    throw new ConfigError('--demo uses the embedded database only; start it without DATABASE_URL.');
  }
  const startedAt = performance.now();
  const config = {
    ...context.config,
    dataDir: join(context.config.dataDir, 'demo'),
    demandSecondFactor: false,
    roles: new Set(['web', 'collector', 'worker'] as const),
  };
  const running = await startUnlessStopped(config, context);
  if (running === null) return EXIT_OK;
  try {
    const password = randomBytes(9).toString('base64url');
    const apiKey = newApiKey();
    const earlier = await running.database.owner(firstDemo);
    const hasEnded = earlier !== null && Date.now() - earlier.getTime() > LONGEST_DEMO_MS;
    const fleet = demoFleet({
      collector: { host: '127.0.0.1', port: config.collector.port },
      http: { url: `http://127.0.0.1:${config.http.port}`, apiKey },
      log: context.log.child({ part: 'simulator' }),
      ...(hasEnded ? {} : { historyDays: HISTORY_DAYS, continues: earlier }),
    });
    await running.database.owner((owner) =>
      arrange(owner, fleet.devices(), { password, apiKey, timeZone: config.timeZone }),
    );
    fleet.start(context.signal);
    try {
      announce(context, running.roles, null, performance.now() - startedAt);
      context.out(`  This is a DEMONSTRATION: simulated devices under a sun that always stands at noon.
  Sign in as ${DEMO_EMAIL} with the password ${password}
`);
      await stopped(context.signal);
    } finally {
      await fleet.stop();
    }
    return EXIT_OK;
  } finally {
    await running.stop();
  }
}

/** When the first demonstration on this data began; null: none has. */
async function firstDemo(owner: OwnerClient): Promise<Date | null> {
  const { rows } = await owner.query('SELECT created_at FROM api.user_account WHERE lower(email) = $1', [DEMO_EMAIL]);
  return rows[0]?.created_at ?? null;
}

/** The demo account with a new password and a new key, and the fleet's devices. What an earlier demo left is used again. */
async function arrange(
  owner: OwnerClient,
  devices: readonly FleetDevice[],
  secrets: { password: string; apiKey: string; timeZone: string },
): Promise<void> {
  const now = new Date();
  const passwordHash = await argon2id.hash(secrets.password);
  const known = await findAccountId(owner, DEMO_EMAIL);
  const userId =
    known ??
    (await insertAccount(owner, {
      email: DEMO_EMAIL,
      passwordHash,
      firstName: 'Demo',
      lastName: '',
      timeZone: secrets.timeZone,
      isAdmin: true,
      isVerified: true,
    }));
  if (known !== null) await replacePassword(owner, userId, passwordHash, now);
  // The keys of earlier demos are known to nobody any more.
  await owner.query('UPDATE api.api_key SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL', [userId, now]);
  await insertApiKeyFor(owner, userId, {
    name: 'Demo',
    scope: 'ingest',
    hash: hashApiKey(secrets.apiKey),
    hint: apiKeyHint(secrets.apiKey),
    createdAt: now,
    expiresAt: null,
  });
  for (const device of devices) await addActiveInverter(owner, userId, { ...device, timeZone: null });
}
