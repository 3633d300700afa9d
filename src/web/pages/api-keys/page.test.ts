import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOSTILE_NAME } from '../../../../test/support/fake-scenes.ts';
import { fakeServices } from '../../../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';
import { Conflict } from '../../../domain/errors.ts';

let web: FakeWeb;
const german = { headers: { 'accept-language': 'de' } };
const key = {
  id: 3,
  name: HOSTILE_NAME,
  scope: 'read' as const,
  hint: '…M2XA',
  createdAt: NOON,
  expiresAt: null,
  lastUsedAt: null,
};
beforeEach(async () => {
  web = await fakeWeb(fakeServices());
});
afterEach(() => web.app.close());
const create = (form: Record<string, string>) => web.post('/account/api-keys', form, german);

describe('the keys of an account', () => {
  it('are listed with what they may, when they were used and until when, never themselves', async () => {
    const expiresAt = new Date('2026-06-01T10:00:00Z');
    web.services.keys = [
      key,
      { ...key, id: 2, name: 'Dach', scope: 'ingest', lastUsedAt: new Date(NOON.getTime() - 40_000), expiresAt },
    ];
    const { body } = await web.get('/account/api-keys', german);
    expect(textOf(body)).toMatch(
      /Liest …M2XA erstellt gerade eben nie benutzt|Liest …M2XA erstellt vor 0 s nie benutzt/,
    );
    expect(textOf(body)).toMatch(/Dach abgelaufen …M2XA .* zuletzt benutzt vor 40 s abgelaufen am 01\.06\.2026, 12:00/);
    expect(body).not.toMatch(/<img|<script>/);
  });

  it('a new one is shown once', async () => {
    const answer = await create({ name: ' Schuppen ', scope: 'ingest', expires: '90' });
    expect(answer.statusCode).toBe(200);
    expect(textOf(answer.body)).toMatch(/„Schuppen“ ist erstellt .*ABCD-EFGH-JKMN-PQRS/);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(web.services.keys).toMatchObject([
      { name: 'Schuppen', scope: 'ingest', expiresAt: new Date('2026-09-13T12:00:00Z') },
    ]);
    expect((await web.get('/account/api-keys', german)).body).not.toContain('ABCD-EFGH');
    await create({ name: 'Für immer', scope: 'read', expires: 'never' });
    expect(web.services.keys[0]?.expiresAt).toBeNull();
  });

  it.each([
    [{ name: '', scope: 'ingest' }, 'Bitte einen Namen mit 1 bis 100 Zeichen.'],
    [{ name: 'x', scope: 'admin' }, 'Bitte wählen Sie eines aus.'],
  ])('says at the field what is wrong: %o', async (form, words) => {
    const answer = await create(form);
    expect(answer.statusCode).toBe(422);
    expect(textOf(answer.body)).toContain(words);
    expect(web.services.keys).toEqual([]);
  });

  it('says when there are too many', async () => {
    web.services.apiKeys.create = () => Promise.reject(new Conflict('too many'));
    const answer = await create({ name: 'x', scope: 'ingest' });
    expect([answer.statusCode, textOf(answer.body)]).toEqual([409, expect.stringContaining('zu viele Schlüssel')]);
  });

  it('one is revoked behind a second button', async () => {
    web.services.keys = [key];
    const { body } = await web.get('/account/api-keys', german);
    expect(body).toMatch(/<details[^>]*>.*Sperren ….*action="\/account\/api-keys\/3\/revoke".*Endgültig sperren/s);
    const answer = await web.post('/account/api-keys/3/revoke', {}, german);
    expect(answer.headers['location']).toBe('/account/api-keys?done=revoked');
    expect(web.services.keys).toEqual([]);
    expect(textOf((await web.get('/account/api-keys?done=revoked', german)).body)).toContain(
      'Der Schlüssel ist gesperrt.',
    );
    expect((await web.post('/account/api-keys/3/revoke', {}, german)).statusCode).toBe(404);
  });
});
