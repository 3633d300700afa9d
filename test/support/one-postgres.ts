import { startDisposablePostgres } from './disposable-postgres.ts';

/**
 * One PostgreSQL for the whole run; each test file makes its own database on it. TEST_POSTGRES_URL or TEST_TIMESCALE_URL (a superuser of a
 * server that may be littered) takes its place, which is how the suite is run against another version or engine.
 */
export async function setup(): Promise<() => Promise<void>> {
  const timescale = process.env['TEST_TIMESCALE_URL'];
  if (timescale === undefined) {
    console.log(
      'No TEST_TIMESCALE_URL: on TimescaleDB runs what it shows in WebAssembly, the rest on plain PostgreSQL only.',
    );
  } else {
    console.log(
      'TEST_TIMESCALE_URL: the suite runs on that server, but for what only plain PostgreSQL has (packed days).',
    );
    process.env['TEST_POSTGRES_URL'] = timescale;
  }
  if (process.env['TEST_POSTGRES_URL'] !== undefined) return async () => undefined;
  const server = await startDisposablePostgres({ settings: { max_connections: '200' } });
  process.env['TEST_POSTGRES_URL'] = server.connectionString('postgres');
  return () => server.stop();
}
