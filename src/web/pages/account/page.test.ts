import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventReader } from '../../../../test/support/event-reader.ts';
import { PASSWORD } from '../../../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';
import { present } from '../../../../test/support/present.ts';
import { deviceName } from '../../device-name.ts';

let web: FakeWeb;
beforeEach(async () => {
  web = await fakeWeb();
});
afterEach(() => web.app.close());

const GERMAN = { headers: { 'accept-language': 'de' } } as const;
const post = (path: string, form: Record<string, string> = {}) => web.post(path, form, GERMAN);

describe('the account page', () => {
  it('keeps names, language and time zone', async () => {
    const profile = { first_name: 'Ada', last_name: '', locale: 'en', time_zone: 'Asia/Tokyo' };
    expect((await post('/account/profile', profile)).headers['location']).toBe('/account?done=profile');
    expect(web.services.account.profile).toEqual({
      firstName: 'Ada',
      lastName: '',
      locale: 'en',
      timeZone: 'Asia/Tokyo',
    });
    expect((await web.get('/account?done=profile', GERMAN)).body).toContain('value="Asia/Tokyo" selected');
    const wrong = await post('/account/profile', { ...profile, time_zone: 'Mars/Olympus' });
    expect([wrong.statusCode, textOf(wrong.body)]).toEqual([
      422,
      expect.stringContaining('wählen Sie eine aus der Liste'),
    ]);
  });

  it('changes the address by the password, and says what comes next', async () => {
    const form = { new_email: 'neu@example.org', password: PASSWORD };
    const wrong = await post('/account/change-email', { ...form, password: 'wrong' });
    expect([wrong.statusCode, textOf(wrong.body)]).toEqual([403, expect.stringContaining('Das Passwort ist falsch.')]);
    expect(wrong.body).toContain('value="neu@example.org"');
    const same = await post('/account/change-email', { ...form, new_email: 'member1@example.org' });
    expect(textOf(same.body)).toContain('Das ist schon Ihre Adresse.');
    const done = await post('/account/change-email', form);
    const shown = await web.get(String(done.headers['location']), GERMAN);
    expect(textOf(shown.body)).toContain('Bitte öffnen Sie den Link in der E-Mail an die neue Adresse.');
    expect(web.services.account.mails).toEqual(['newAddress neu@example.org']);
  });

  it('changes the password by the present one', async () => {
    const next = 'Abendrot und Morgenrot';
    const form = { current_password: PASSWORD, new_password1: next, new_password2: next };
    expect(textOf((await post('/account/change-password', { ...form, new_password2: 'x' })).body)).toContain(
      'nicht gleich',
    );
    expect((await post('/account/change-password', { ...form, current_password: 'wrong' })).statusCode).toBe(403);
    const weak = await post('/account/change-password', {
      ...form,
      new_password1: 'solar123',
      new_password2: 'solar123',
    });
    expect(textOf(weak.body)).toContain('leicht zu erraten');
    expect((await post('/account/change-password', form)).headers['location']).toBe('/account?done=password');
  });

  it('lists where one is signed in, and ends it there', async () => {
    const { body } = await web.get('/account', GERMAN);
    expect(textOf(body)).toMatch(/Firefox, Android \(dieses Gerät\).*Safari, iPhone.*Unbekanntes Gerät/);
    expect(body).not.toMatch(/name="session" value="session-of-1"/);
    await post('/account/sessions/end', { session: 'session-two' });
    expect(web.services.account.sessions.map(({ id }) => id)).toEqual(['session-of-1', 'session-three']);
    expect((await post('/account/sessions/end', { session: 'session-two' })).statusCode).toBe(404);
    await post('/account/sessions/end-others');
    expect(web.services.account.sessions.map(({ id }) => id)).toEqual(['session-of-1']);
  });

  it('says where inverters stand, and takes a place as people type it', async () => {
    const site = { site: '3', name: 'Hof', latitude: '52,52', longitude: '13.4' };
    expect((await post('/account/sites', site)).headers['location']).toBe('/account?done=site');
    expect(web.services.standing[0]).toMatchObject({ name: 'Hof', latitude: 52.52, longitude: 13.4 });
    expect((await web.get('/account', GERMAN)).body).toContain('value="52,52"');
    const half = await post('/account/sites', { ...site, longitude: '' });
    expect([half.statusCode, textOf(half.body)]).toEqual([422, expect.stringContaining('beide oder keine')]);
    expect((await post('/account/sites', { ...site, latitude: 'Nord' })).statusCode).toBe(422);
    expect((await post('/account/sites', { ...site, site: '4' })).statusCode).toBe(404);
    await post('/account/sites', { ...site, latitude: '', longitude: '' });
    expect(web.services.standing[0]).toMatchObject({ latitude: null, longitude: null });
  });

  it('takes everything along: asked for, made, downloaded, removed', async () => {
    expect((await web.get('/account', GERMAN)).body).toContain('Archiv zusammenstellen');
    expect((await post('/account/takeout')).headers['location']).toBe('/account?done=takeout#takeout');
    expect(textOf((await web.get('/account', GERMAN)).body)).toContain('Gleich geht es los.');
    web.services.takeout = { ...present(web.services.takeout), state: 'running', progressPct: 42 };
    const { body } = await web.get('/account', GERMAN);
    expect([textOf(body), body]).toEqual([
      expect.stringMatching(/wird zusammengestellt: 42\s%/),
      expect.stringContaining('<progress'),
    ]);
    expect(body).not.toContain('/account/takeout/file');
    const again = await post('/account/takeout');
    expect([again.statusCode, textOf(again.body)]).toEqual([409, expect.stringContaining('wird schon')]);
    const expiresAt = new Date('2026-06-22T12:00:00Z');
    web.services.takeout = { ...present(web.services.takeout), state: 'ready', bytes: 5_242_880, expiresAt };
    const ready = (await web.get('/account', GERMAN)).body;
    expect(textOf(ready)).toMatch(/fertig: 5,2\sMB. Herunterladen können Sie es bis 22.06.2026, 14:00/);
    expect(ready).toContain('href="/api/v1/account/takeout/file"');
    await post('/account/takeout/remove');
    expect(textOf((await web.get('/account', GERMAN)).body)).toContain('nicht mehr da');
  });

  it('tells an open page how far it is', async () => {
    await post('/account/takeout');
    const reader = await EventReader.open(`${await web.listen()}/live/page?topic=account`, {
      authorization: 'Bearer token-of-1',
    });
    await reader.until('the beginning', () => reader.named('takeout').length === 1);
    web.services.takeout = { ...present(web.services.takeout), state: 'running', progressPct: 42 };
    web.emit({ type: 'takeout', inverterId: null });
    await reader.until('progress', () => reader.named('takeout').at(-1)?.data.includes('42') === true);
    reader.close();
  });

  it('is deleted on a page that says what is lost, by the password', async () => {
    const asked = (await web.get('/account/delete', GERMAN)).body;
    expect(textOf(asked)).toContain('niemand kann es zurückholen');
    expect(asked).toContain('href="/account#takeout"');
    expect((await post('/account/delete', { password: 'wrong' })).statusCode).toBe(403);
    expect(web.services.account.isDeleted).toBe(false);
    const answer = await post('/account/delete', { password: PASSWORD });
    expect(answer.headers['location']).toBe('/login');
    expect(answer.cookies).toContainEqual(expect.objectContaining({ name: 'fastapiusersauth', value: '' }));
    expect(web.services.account.isDeleted).toBe(true);
  });

  it('sets up a second factor, shows its codes once, and switches it off', async () => {
    expect((await post('/account/two-factor', { password: 'wrong' })).statusCode).toBe(403);
    await post('/account/two-factor', { password: PASSWORD });
    const { body } = await web.get('/account/two-factor', GERMAN);
    expect(body).toContain('aria-label="QR-Code für die Authenticator-App');
    expect(body).toContain('GEZD GNBV GY3T QOJQ');
    expect(body).toContain('href="otpauth://totp/');
    const wrong = await post('/account/two-factor/confirm', { otp: '000000' });
    expect([wrong.statusCode, textOf(wrong.body)]).toEqual([422, expect.stringContaining('Der Code ist falsch.')]);
    const done = await post('/account/two-factor/confirm', { otp: '123456' });
    expect([done.statusCode, done.headers['cache-control'], textOf(done.body)]).toEqual([
      200,
      'no-store',
      expect.stringContaining('ABCD-EFGH-JKMN-PQRS'),
    ]);
    expect((await web.get('/account/two-factor', GERMAN)).body).not.toContain('ABCD-EFGH');
    expect((await post('/account/two-factor/codes', { password: PASSWORD })).body).toContain('ABCD-EFGH');
    await post('/account/two-factor/disable', { password: PASSWORD });
    expect(web.services.account.twoFactor.isOn).toBe(false);
  });
});

describe('the name of a device', () => {
  it.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
      'Edge, Windows',
    ],
    ['Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 CriOS/140.0 Safari/604.1', 'Chrome, iPad'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox, Linux'],
    ['curl/8.5.0', 'curl/8.5.0'],
    ['<script>', null],
    ['', null],
    [null, null],
  ])('%s', (userAgent, name) => {
    expect(deviceName(userAgent)).toBe(name);
  });
});
