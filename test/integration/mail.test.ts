import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import PostalMime from 'postal-mime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SmtpSettings } from '../../src/config-types.ts';
import { Fernet } from '../../src/crypto/fernet.ts';
import { inTransaction } from '../../src/db/as-tenant.ts';
import { languageOf } from '../../src/i18n/locale.ts';
import { composeMail } from '../../src/mail/compose.tsx';
import type { MailTransport } from '../../src/mail/message.ts';
import { outboxTransport } from '../../src/mail/outbox.ts';
import { sealMail } from '../../src/mail/sealed.ts';
import { smtpProblem, smtpTransport } from '../../src/mail/smtp.ts';
import { queueMail } from '../../src/store/mail.ts';
import { sendMail } from '../../src/worker/jobs/send-mail.ts';
import { MAIL_USER, startMailServer, type TestMailServer } from '../support/mail-server.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';

const now = new Date('2026-06-01T12:00:00Z');
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const FROM = { name: 'Sonne & Söhne', address: 'solar@example.org' };
const LINK = 'https://solar.example.org/reset_password?token=a-secret-token';

let db: TestDatabase;
let lines: string[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  lines = [];
  await db.owner((client) => client.query('DELETE FROM store.mail'));
});

async function queue(to = 'erika@example.org', at = now): Promise<void> {
  const fernet = new Fernet(databaseOf(db).secrets.encryptionKeys);
  const message = composeMail('reset', {
    to,
    language: languageOf('de-DE'),
    link: { url: LINK, hours: 1 },
    server: 'solar',
  });
  const sealed = sealMail(fernet, message, at);
  await inTransaction(db.pools.app, (tx) => queueMail(tx, { userId: 7, kind: 'reset', sealed }, at));
}

const turn = (transport: MailTransport, at = now): Promise<void> =>
  sendMail(transport).run({
    database: databaseOf(db),
    settings: { compressAfterDays: 7, retentionDays: 730 },
    log,
    now: at,
  });

async function rows(): Promise<Record<string, unknown>[]> {
  return db.owner(async (client) => (await client.query('SELECT * FROM store.mail ORDER BY id')).rows);
}

function smtp(port: number, settings: Partial<SmtpSettings> = {}): SmtpSettings {
  return { server: '127.0.0.1', port, tls: 'offered', credentials: null, validateCerts: false, ...settings };
}

describe('the outbox, by a real SMTP dialogue', () => {
  let server: TestMailServer;
  beforeEach(async () => {
    server = await startMailServer();
  });
  afterEach(() => server.close());

  it('delivers text and HTML, encrypted, and forgets them', async () => {
    await queue();
    expect(JSON.stringify(await rows())).not.toMatch(/a-secret-token|erika@example.org/);
    await turn(smtpTransport(smtp(server.port, { tls: 'required', credentials: MAIL_USER }), FROM));
    expect(server.received).toHaveLength(1);
    const [{ mail, ...envelope } = { mail: null }] = server.received;
    expect(envelope).toEqual({ from: FROM.address, to: ['erika@example.org'], secure: true, user: MAIL_USER.username });
    expect(mail?.from).toMatchObject(FROM);
    expect(mail?.subject).toBe('Neues Passwort wählen – Deye Hard');
    expect(mail?.text).toContain(LINK);
    expect(mail?.html).toContain(LINK);
    expect(mail?.headers).toContainEqual(expect.objectContaining({ key: 'auto-submitted', value: 'auto-generated' }));
    expect(await rows()).toEqual([
      expect.objectContaining({ message: null, sent_at: now, attempts: 1, last_error: null }),
    ]);
    await turn(smtpTransport(smtp(server.port), FROM), later(5));
    expect(server.received).toHaveLength(1);
    expect(lines.join('')).toContain('mail sent');
    expect(lines.join('')).not.toMatch(/a-secret-token|example\.org|a mail password/);
  });

  it('tries again, each time later, while the server is away', async () => {
    await queue();
    await queue('max@example.org');
    await server.close();
    const transport = smtpTransport(smtp(server.port), FROM);
    await turn(transport);
    // One try a turn: the others would only wait for the same server.
    expect((await rows()).map((row) => row['attempts'])).toEqual([1, 0]);
    expect(await rows()).toMatchObject([
      { run_after: later(30), last_error: expect.stringMatching(/ECONN|ESOCKET/) as string },
      {},
    ]);
    await turn(transport, later(30));
    await turn(transport, later(31));
    expect((await rows()).map((row) => row['run_after'])).toEqual([later(31 + 60), later(30 + 30)]);
    server = await startMailServer({}, server.port);
    await turn(transport, later(40));
    expect(server.received).toHaveLength(0);
    await turn(transport, later(120));
    expect(server.received.map(({ to }) => to[0]).sort()).toEqual(['erika@example.org', 'max@example.org']);
  });

  it('gives up what was not taken in two days', async () => {
    await queue('erika@example.org', later(-3 * 24 * 3600));
    await server.close();
    await turn(smtpTransport(smtp(server.port), FROM));
    expect(await rows()).toMatchObject([{ message: null, sent_at: null, last_error: expect.any(String) as string }]);
    server = await startMailServer();
  });

  it('gives up at once what can never be taken, and goes on with the next', async () => {
    await queue('nobody@example.org');
    await queue();
    await turn(smtpTransport(smtp(server.port), FROM));
    expect(await rows()).toMatchObject([
      { message: null, sent_at: null, last_error: expect.stringContaining('550') as string },
      { sent_at: now },
    ]);
    expect(server.received.map(({ to }) => to)).toEqual([['erika@example.org']]);
    expect(JSON.stringify(await rows()) + lines.join('')).not.toContain('nobody@example.org');
  });

  it('keeps a mail while the password of the mail server is wrong, and tells nobody the password', async () => {
    await queue();
    const settings = smtp(server.port, {
      tls: 'required',
      credentials: { username: 'roof', password: 'not the right one' },
    });
    await turn(smtpTransport(settings, FROM));
    expect(await rows()).toMatchObject([
      { message: expect.any(String) as string, last_error: expect.stringContaining('EAUTH') as string },
    ]);
    expect(JSON.stringify(await rows()) + lines.join('')).not.toContain('not the right one');
    expect(await smtpProblem(settings)).toMatch(/535/);
    expect(await smtpProblem(smtp(server.port, { credentials: MAIL_USER }))).toBeNull();
  });

  it('never sends its password in the clear when encryption is wanted and taken out on the way', async () => {
    await server.close();
    server = await startMailServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
    await queue();
    await turn(smtpTransport(smtp(server.port, { tls: 'required', credentials: MAIL_USER }), FROM));
    expect(server.signIns).toEqual([]);
    expect(server.received).toEqual([]);
    expect(await rows()).toMatchObject([{ sent_at: null }]);
  });

  it('does not trust a certificate that nobody vouches for', async () => {
    await queue();
    await turn(smtpTransport(smtp(server.port, { tls: 'required', validateCerts: true }), FROM));
    expect(server.received).toEqual([]);
    expect(await rows()).toMatchObject([{ sent_at: null, message: expect.any(String) as string }]);
  });

  it('is emptied by several processes at once, each mail sent once', async () => {
    for (let n = 0; n < 6; n++) await queue(`person${n}@example.org`);
    const transport = smtpTransport(smtp(server.port), FROM);
    await Promise.all([turn(transport), turn(transport), turn(transport)]);
    expect(server.received.map(({ to }) => to[0]).sort()).toEqual(
      [0, 1, 2, 3, 4, 5].map((n) => `person${n}@example.org`),
    );
  });

  it('gives up what was sealed with a key that is gone', async () => {
    await db.owner((client) =>
      client.query(`INSERT INTO store.mail (kind, message, created_at, run_after) VALUES ('reset', 'sealed', $1, $1)`, [
        now,
      ]),
    );
    await turn(smtpTransport(smtp(server.port), FROM));
    expect(await rows()).toMatchObject([{ message: null, sent_at: null }]);
  });
});

describe('without a mail server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'outbox-'));
  const outbox = join(folder, 'outbox');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('a mail is a file only the server’s account may read, and a line in the log', async () => {
    const transport = outboxTransport(outbox, FROM, log);
    await queue();
    await turn(transport);
    const [name = ''] = readdirSync(outbox);
    expect(name).toMatch(/^2026-06-01T12-00-00-000Z-\d+\.eml$/);
    expect(statSync(join(outbox, name)).mode & 0o777).toBe(0o600);
    expect(statSync(outbox).mode & 0o777).toBe(0o700);
    const mail = await PostalMime.parse(readFileSync(join(outbox, name)));
    expect(mail).toMatchObject({ to: [{ address: 'erika@example.org' }], from: FROM });
    expect(mail.text).toContain(LINK);
    expect(lines.join('')).toContain(LINK);

    const old = new Date(Date.now() - 8 * 24 * 3600_000);
    utimesSync(join(outbox, name), old, old);
    await turn(transport, new Date());
    expect(readdirSync(outbox)).toEqual([]);
  });
});
