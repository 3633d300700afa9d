import { startDisposablePostgres } from './disposable-postgres.ts';

/**
 * One PostgreSQL for the whole run; each test file makes its own database on it. TEST_POSTGRES_URL (a superuser of a server that may be
 * littered) takes its place, which is how the suite is run against another version.
 */
export async function setup(): Promise<() => Promise<void>> {
  if (process.env['TEST_POSTGRES_URL'] !== undefined) return async () => undefined;
  const server = await startDisposablePostgres({ settings: { max_connections: '200' } });
  process.env['TEST_POSTGRES_URL'] = server.connectionString('postgres');
  return () => server.stop();
}
