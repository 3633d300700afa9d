import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOSTILE_NAME } from '../../../../test/support/fake-scenes.ts';
import { fakeServices, inverter, pendingDevice, sunnyInverter } from '../../../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';

let web: FakeWeb;
const german = { headers: { 'accept-language': 'de' } };

beforeEach(async () => {
  web = await fakeWeb(
    fakeServices([sunnyInverter(NOON, { id: 1, name: 'Balkon' }), inverter({ id: 2, name: HOSTILE_NAME })]),
  );
});
afterEach(() => web.app.close());

const names = (): string[] => (web.services.inverters.of.get(1) ?? []).map(({ name }) => name);

describe('the list of inverters', () => {
  it('shows each with its state, when it was heard, and what can be done', async () => {
    const { body } = await web.get('/inverters', german);
    expect(textOf(body)).toMatch(/Balkon Deye \/ Solarman · 3900000001 Produziert zuletzt gehört vor 40 s Umbenennen/);
    expect(textOf(body)).toContain('Nie gesehen noch nichts gehört');
    expect(body).toContain('href="/inverters/1/delete"');
    expect(body).not.toMatch(/<img|<script>/);
  });

  it('its live parts hold no form and no token', async () => {
    const { body } = await web.get('/inverters', german);
    const parts = body.match(/<div[^>]*sse-swap="[^"]+"[^>]*>.*?<\/div>/g) ?? [];
    expect(parts.length).toBe(2);
    for (const part of parts) expect(part).not.toMatch(/<form|_csrf|<input/);
  });

  it('takes a new one, and goes on with its set-up', async () => {
    const form = { kind: 'solarman', name: ' Garage ', serial: ' 3912345678 ' };
    const answer = await web.post('/inverters', form, german);
    expect(answer.statusCode).toBe(303);
    expect(answer.headers['location']).toBe('/inverters/102/setup');
    expect(names()).toContain('Garage');
  });

  it.each([
    [{ kind: 'solarman', name: '', serial: '3912345678' }, 422, 'Bitte einen Namen mit 1 bis 100 Zeichen.'],
    [{ kind: 'solarman', name: 'Süd', serial: 'ABC' }, 422, 'Bitte nur Ziffern: die Nummer, die auf dem Logger steht.'],
    [{ kind: 'opendtu', name: 'Süd', serial: 'a b' }, 422, 'Bitte prüfen Sie die Seriennummer.'],
    [{ kind: 'solarman', name: 'Süd', serial: '3900000001' }, 409, 'Diese Seriennummer ist schon angemeldet.'],
    [{ kind: 'toaster', name: 'Süd', serial: '1' }, 422, 'Bitte wählen Sie eines aus.'],
  ])('says at the field what is wrong: %o', async (form, status, words) => {
    const answer = await web.post('/inverters', form, german);
    expect(answer.statusCode).toBe(status);
    expect(textOf(answer.body)).toContain(words);
    expect(answer.body).toContain(`value="${form.serial}"`);
    expect(names()).toHaveLength(2);
  });

  it('is refused to an account that has not confirmed its address', async () => {
    web.services.user = { ...web.services.user, isVerified: false };
    expect(textOf((await web.get('/inverters', german)).body)).toContain('bestätigen Sie zuerst Ihre E-Mail-Adresse');
    const answer = await web.post('/inverters', { kind: 'solarman', name: 'Süd', serial: '1' }, german);
    expect(answer.statusCode).toBe(403);
    expect(names()).toHaveLength(2);
  });

  it('renames, with or without scripts', async () => {
    const plain = await web.post('/inverters/1/rename', { name: 'Terrasse' }, german);
    expect(plain.headers['location']).toBe('/inverters?done=renamed');
    expect(textOf((await web.get('/inverters?done=renamed', german)).body)).toContain('Umbenannt.');
    const headers = { 'hx-request': 'true', 'hx-current-url': 'http://192.168.178.20:8000/inverters' };
    const htmx = await web.post('/inverters/1/rename', { name: 'Terrasse 2' }, { headers });
    expect(JSON.parse(String(htmx.headers['hx-location']))).toMatchObject({ path: '/inverters?done=renamed' });
    expect(names()[0]).toBe('Terrasse 2');
  });

  it('a name that will not do stands in its own form, open', async () => {
    const answer = await web.post('/inverters/1/rename', { name: 'x'.repeat(101) }, german);
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toMatch(/<details[^>]* open/);
    expect(answer.body).toMatch(/id="name-1"[^>]*aria-invalid="true"/);
    expect(answer.body).not.toMatch(/id="name-2"[^>]*aria-invalid/);
    // Reloading asks for the address of the refused form.
    expect((await web.get('/inverters/1/rename')).headers['location']).toBe('/inverters');
  });
});

describe('the inbox', () => {
  beforeEach(() => {
    web.services.pending = [
      pendingDevice({ serial: '116183771004', name: HOSTILE_NAME, readings: 12 }),
      pendingDevice({
        serial: 'zaehler',
        kind: 'other',
        model: null,
        mpptCount: null,
        gatewaySerial: null,
        readings: 0,
      }),
    ];
  });

  it('shows what was found, and adds it by one button under the name it brings', async () => {
    const { body } = await web.get('/inverters', german);
    const text = textOf(body);
    expect(text).toContain('2 neue Geräte wurden gefunden');
    expect(text).toMatch(
      /OpenDTU · 116183771004 HM-1000\/1200\/1500-4T · 4 Eingänge · über 199980140256 · 12 Messungen warten/,
    );
    expect(text).toMatch(/Sonstige · zaehler zuletzt gehört vor 30 s/);
    expect(body).not.toMatch(/<img|<script>/);

    const claim = { kind: 'opendtu', serial: '116183771004', name: 'Windfang' };
    const answer = await web.post('/inverters/claim', claim, german);
    expect(answer.headers['location']).toBe('/inverters?done=added');
    expect(names()).toContain('Windfang');
    expect(web.services.pending.map(({ serial }) => serial)).toEqual(['zaehler']);
    expect(textOf((await web.get('/inverters?done=added', german)).body)).toContain('Ein neues Gerät wurde gefunden');
  });

  it('is not there without anything in it, nor before the address is confirmed', async () => {
    web.services.user = { ...web.services.user, isVerified: false };
    expect((await web.get('/inverters', german)).body).not.toContain('116183771004');
    web.services.user = { ...web.services.user, isVerified: true };
    web.services.pending = [];
    expect(textOf((await web.get('/inverters', german)).body)).not.toContain('gefunden');
  });

  it('a device that is not in it cannot be added, and a name that will not do stands in its form', async () => {
    expect((await web.post('/inverters/claim', { kind: 'opendtu', serial: '1', name: 'x' }, german)).statusCode).toBe(
      404,
    );
    const empty = await web.post('/inverters/claim', { kind: 'opendtu', serial: '116183771004', name: ' ' }, german);
    expect(empty.statusCode).toBe(422);
    expect(empty.body).toMatch(/id="claim-opendtu-116183771004"[^>]*aria-invalid="true"/);
    expect(web.services.pending).toHaveLength(2);
  });

  it('has a switch that adds new devices by themselves', async () => {
    expect(textOf((await web.get('/inverters', german)).body)).toContain('Einschalten');
    const answer = await web.post('/inverters/auto-add', { on: 'yes' }, german);
    expect([answer.headers['location'], web.services.autoAdds]).toEqual(['/inverters#auto-add', true]);
    expect(textOf((await web.get('/inverters', german)).body)).toContain('Ausschalten');
    await web.post('/inverters/auto-add', { on: 'no' }, german);
    expect(web.services.autoAdds).toBe(false);
  });
});

describe('deleting', () => {
  it('says what will be lost', async () => {
    const text = textOf((await web.get('/inverters/1/delete', german)).body);
    expect(text).toMatch(
      /Balkon löschen\? .*jede gespeicherte Messung.*der Nachweis über 1\.28\d kWh Ertrag.*4 DC-Eingänge/,
    );
  });

  it('happens only when it was confirmed', async () => {
    const careless = await web.post('/inverters/1/delete', {}, german);
    expect(careless.statusCode).toBe(422);
    expect(textOf(careless.body)).toContain('Bitte setzen Sie das Häkchen');
    expect(names()).toHaveLength(2);
    const meant = await web.post('/inverters/1/delete', { confirm: 'yes' }, german);
    expect(meant.headers['location']).toBe('/inverters?done=removed');
    expect(names()).toEqual([HOSTILE_NAME]);
  });
});
