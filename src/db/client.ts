import pg from 'pg';

/**
 * One connection outside the pools. A connection that breaks between two statements says so by an event, and an event nobody hears
 * ends the process; the next statement fails by itself and is where the error belongs.
 */
export async function connectClient(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
