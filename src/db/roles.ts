import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import pg from 'pg';
import { ConfigError } from '../domain/errors.ts';
import { connectClient } from './client.ts';

/**
 * The database roles of one installation (storage design, "Roles"). Roles belong to the cluster, so they are ensured here, outside
 * migrations and under an advisory lock; parallel ALTER ROLE would fail with "tuple concurrently updated".
 */
export interface RoleNames {
  readonly owner: string;
  readonly lookup: string;
  readonly app: string;
  readonly ingest: string;
  readonly admin: string;
}

const LOGIN_ROLES = ['app', 'ingest', 'admin'] as const;
type LoginRole = (typeof LOGIN_ROLES)[number];

/** Any constant number does; it only has to be the same in every process. */
const ROLE_LOCK = 7_235_401;

/** Names from ROLE_PREFIX, or from the database's name where that is unset. */
export function roleNames(adminUrl: string, rolePrefix: string | null): RoleNames {
  const database = decodeURIComponent(new URL(adminUrl).pathname.slice(1));
  const prefix =
    rolePrefix ??
    database
      .toLowerCase()
      .replace(/[^a-z0-9_]/g, '_')
      .slice(0, 41);
  return {
    owner: `${prefix}_owner`,
    lookup: `${prefix}_lookup`,
    app: `${prefix}_app`,
    ingest: `${prefix}_ingest`,
    admin: `${prefix}_admin`,
  };
}

/** The password of a serving login: derived, so that nothing more has to be kept secret or handed around than AUTH_SECRET. */
function rolePassword(authSecret: string, role: string): string {
  return createHmac('sha256', authSecret).update(`database role ${role}`).digest('base64url');
}

/** Where and as whom a serving pool signs in. */
export function connectionFor(
  adminUrl: string,
  names: RoleNames,
  role: LoginRole,
  authSecret: string,
): { connectionString: string } {
  const url = new URL(adminUrl);
  url.username = encodeURIComponent(names[role]);
  url.password = encodeURIComponent(rolePassword(authSecret, names[role]));
  return { connectionString: url.toString() };
}

/**
 * Creates what is missing and sets a login's password only where signing in with it fails.
 * @throws ConfigError when the DATABASE_URL login may not create roles
 */
export async function ensureRoles(adminUrl: string, names: RoleNames, authSecret: string): Promise<void> {
  const client = await connectClient({ connectionString: adminUrl, application_name: 'deye-hard roles' });
  try {
    await client.query('SELECT pg_advisory_lock($1)', [ROLE_LOCK]);
    await createMissing(client, names);
    await grantDatabase(client, names);
    for (const role of LOGIN_ROLES) {
      if (await canSignIn(connectionFor(adminUrl, names, role, authSecret).connectionString)) continue;
      const verifier = scramVerifier(rolePassword(authSecret, names[role]));
      await client.query(`ALTER ROLE ${quote(names[role])} PASSWORD ${pg.escapeLiteral(verifier)}`);
    }
  } catch (cause) {
    if (cause instanceof pg.DatabaseError && cause.code === '42501') {
      throw new ConfigError(
        `DATABASE_URL must name a login that may create roles and grant on its database (${cause.message}).`,
        {
          cause,
        },
      );
    }
    throw cause;
  } finally {
    // Ending the session also gives the advisory lock back.
    await client.end();
  }
}

async function createMissing(client: pg.Client, names: RoleNames): Promise<void> {
  const { rows } = await client.query<{ rolname: string }>('SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)', [
    Object.values(names),
  ]);
  const present = new Set(rows.map((row) => row.rolname));
  const attributes: Record<keyof RoleNames, string> = {
    // Background jobs run as the owner of what they work on, which therefore must be able to log in; without a password it cannot
    // from outside.
    owner: 'LOGIN',
    lookup: 'NOLOGIN',
    app: 'LOGIN',
    ingest: 'LOGIN',
    admin: 'LOGIN',
  };
  for (const [role, name] of Object.entries(names) as [keyof RoleNames, string][]) {
    if (present.has(name)) continue;
    await client.query(
      `CREATE ROLE ${quote(name)} ${attributes[role]} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION`,
    );
  }
  await client.query(`GRANT ${quote(names.owner)} TO CURRENT_USER`);
  // So that the owner can hand the look-up functions over.
  await client.query(`GRANT ${quote(names.lookup)} TO ${quote(names.owner)}`);
}

async function grantDatabase(client: pg.Client, names: RoleNames): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  const database = quote(rows[0]?.name ?? '');
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await client.query(`REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
  await client.query(`GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${database} TO ${quote(names.owner)}`);
  await client.query(
    `GRANT CONNECT ON DATABASE ${database} TO ${LOGIN_ROLES.map((role) => quote(names[role])).join(', ')}`,
  );
}

async function canSignIn(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  // The server ends the connection after refusing; the refusal itself is what connect() reports.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch (cause) {
    // 28P01 wrong password, 28000 not allowed: exactly what setting the password mends. Anything else is not ours to hide.
    if (cause instanceof pg.DatabaseError && (cause.code === '28P01' || cause.code === '28000')) return false;
    throw cause;
  }
}

/** The verifier PostgreSQL would compute itself (RFC 5803), so that the password never travels nor stands in a server log. */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16), iterations = 4096): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

function quote(name: string): string {
  return pg.escapeIdentifier(name);
}
