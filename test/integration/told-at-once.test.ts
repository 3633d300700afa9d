import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { argon2id } from '../../src/crypto/passwords.ts';
import { insertAccount } from '../../src/store/owner-accounts.ts';
import { CuttableProxy } from '../support/cuttable-proxy.ts';
import { EventReader } from '../support/event-reader.ts';
import { present } from '../support/present.ts';
import { readmePush } from '../support/readme-push.ts';
import { buildTestApp, type ServedApp } from '../support/served-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** What open live streams are told by the database, without waiting for their next look half a minute later. */

const PASSWORD = 'Sonnenaufgang 6';

let db: TestDatabase;
let served: ServedApp;
let line: CuttableProxy;
let origin: string;
let userId: number;
const readers: EventReader[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  const url = new URL(db.adminUrl);
  line = await CuttableProxy.before({ host: url.hostname, port: Number(url.port) });
  url.port = String(line.port);
  served = await buildTestApp(db, { listens: true, announcedBy: url.toString() });
  origin = present(served.routes.find(({ url }) => url === '/api/v1/live')).origin;
  const names = { firstName: '', lastName: '', timeZone: 'Europe/Berlin' };
  const account = { email: 'a@example.org', passwordHash: await argon2id.hash(PASSWORD), ...names };
  userId = await db.owner((owner) => insertAccount(owner, { ...account, isAdmin: false, isVerified: true }));
});
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
});
afterAll(async () => {
  await served.stop();
  await line.close();
  await db.drop();
});

async function signedIn(): Promise<{ authorization: string }> {
  const body = new URLSearchParams({ username: 'a@example.org', password: PASSWORD });
  const answer = await fetch(`${origin}/auth/jwt/login`, { method: 'POST', body });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return { authorization: `Bearer ${token}` };
}

async function send(method: string, path: string, headers: Record<string, string>, body?: unknown): Promise<Response> {
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  return fetch(`${origin}${path}`, {
    method,
    headers: { ...headers, ...json },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

async function keyOf(scope: string): Promise<{ id: number; header: { 'x-api-key': string } }> {
  const made = await send('POST', '/api/v1/api-keys', await signedIn(), { name: scope, scope });
  const { id, key } = (await made.json()) as { id: number; key: string };
  return { id, header: { 'x-api-key': key } };
}

async function listen(headers: Record<string, string>): Promise<EventReader> {
  const reader = await EventReader.open(`${origin}/api/v1/live`, headers);
  readers.push(reader);
  await reader.until('the first word', () => reader.named('clock').length > 0);
  return reader;
}

describe('a live stream', () => {
  it('ends with its key, whichever process revoked it, and no other does', async () => {
    const [one, two, three] = [await keyOf('read'), await keyOf('read'), await keyOf('full')];
    const streams = [await listen(one.header), await listen(two.header), await listen(three.header)] as const;
    await send('DELETE', `/api/v1/api-keys/${one.id}`, three.header);
    await streams[0].until('the end', () => streams[0].isClosed);
    // Another process, or somebody at the database.
    await db.owner((c) => c.query('UPDATE api.api_key SET revoked_at = now() WHERE id = $1', [two.id]));
    await streams[1].until('the end', () => streams[1].isClosed);
    expect(streams[2].isClosed).toBe(false);
  });

  it('ends with its session', async () => {
    const [own, other] = [await signedIn(), await signedIn()];
    const [stream, second] = [await listen(own), await listen(other)];
    await send('POST', '/auth/jwt/logout', own);
    await stream.until('the end', () => stream.isClosed);
    expect(second.isClosed).toBe(false);
  });

  it('ends when its account is disabled', async () => {
    const stream = await listen((await keyOf('read')).header);
    await db.owner((c) => c.query('UPDATE api.user_account SET disabled_at = now() WHERE id = $1', [userId]));
    await stream.until('the end', () => stream.isClosed);
    await db.owner((c) => c.query('UPDATE api.user_account SET disabled_at = NULL WHERE id = $1', [userId]));
  });

  it('ends as soon as the database is heard again, where it was not when an administrator ended the session', async () => {
    const headers = await signedIn();
    const stream = await listen(headers);
    line.cut();
    await db.owner((c) => c.query('UPDATE api.session SET ended_at = now() WHERE user_id = $1', [userId]));
    expect(stream.isClosed).toBe(false);
    line.mend();
    await stream.until('the end', () => stream.isClosed, 15_000);
  });

  it('tells of a device that arrives in the inbox, once, and when it is added', async () => {
    const [full, ingest] = [await keyOf('full'), await keyOf('ingest')];
    const known = { name: 'Dach', serial: '116183771001', kind: 'opendtu' };
    await send('POST', '/api/v1/inverters', full.header, known);
    const stream = await listen(full.header);
    // What is there at the first look has not arrived.
    await stream.until('how everything is', () => stream.named('state').length > 0);
    const push = (ago: number) => readmePush(new Date(Date.now() - ago * 1000), '116183771005');
    for (const ago of [120, 60]) await send('POST', '/api/opendtu/measurements', ingest.header, push(ago));
    const changes = () => stream.named('device').map(({ data }) => JSON.parse(data) as Record<string, unknown>);
    await stream.until('the arrival', () => changes().length > 0);
    const added = await send('POST', '/api/v1/devices/opendtu/116183771005/claim', full.header, { name: 'Zaun' });
    const { id } = (await added.json()) as { id: number };
    await stream.until('the inverter', () => changes().some(({ change }) => change === 'added'));
    expect(changes()).toEqual([
      { inverter_id: null, change: 'pending', kind: 'opendtu', serial: '116183771005' },
      { inverter_id: id, change: 'added' },
    ]);
  });
});
