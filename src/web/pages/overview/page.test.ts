import { afterEach, describe, expect, it } from 'vitest';
import { HOSTILE_NAME } from '../../../../test/support/fake-scenes.ts';
import { fakeServices, inverter, sunnyInverter } from '../../../../test/support/fake-services.ts';
import { disbelieved } from '../../../../test/support/fake-statistics.ts';
import { type FakeWeb, fakeWeb, NOON } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';
import type { InverterCurrent } from '../../../services/services.ts';

let web: FakeWeb;
afterEach(() => web.app.close());

async function page(inverters: InverterCurrent[], language = 'de'): Promise<{ body: string; text: string }> {
  web = await fakeWeb(fakeServices(inverters));
  const { body, statusCode } = await web.get('/', { headers: { 'accept-language': language } });
  expect(statusCode).toBe(200);
  return { body, text: textOf(body) };
}

describe('the overview', () => {
  it('says now with its age, today, and that all is well', async () => {
    const { text, body } = await page([sunnyInverter(NOON, { id: 1, powerW: 312, energyTodayWh: 2310 })]);
    expect(text).toContain('Alles in Ordnung');
    expect(text).toMatch(/Jetzt 312 W vor 40 s/);
    expect(text).toMatch(/Heute 2,31 kWh Montag, 15\. Juni/);
    expect(body).toContain('<time dateTime="2026-06-15T11:59:20.000Z"'.replace('dateTime', 'datetime'));
    expect(body).toContain('312<span class="figure-unit">\u00a0W</span>');
  });

  it('says at today’s figure what a counter told and nobody believed', async () => {
    const one = sunnyInverter(NOON, { id: 1 });
    disbelieved.set(one, [new Date('2026-06-15T05:40:00Z'), new Date('2026-06-15T07:40:00Z')]);
    const { text } = await page([one]);
    expect(text).toMatch(/Montag, 15\. Juni 2 unglaubwürdige Zählerstände nicht gezählt/);
  });

  it('adds up what is current, as old as the oldest of it, and says what is missing', async () => {
    const { text } = await page([
      sunnyInverter(NOON, { id: 1, powerW: 300, ageS: 20 }),
      sunnyInverter(NOON, { id: 2, powerW: 12, ageS: 50 }),
      sunnyInverter(NOON, { id: 3, powerW: 500, ageS: 7200, state: 'offline' }),
    ]);
    expect(text).toMatch(/Jetzt 312 W vor 50 s/);
    expect(text).toContain('1 von 3 nicht mitgezählt: kein aktueller Wert');
    expect(text).toContain('1 Wechselrichter ist offline');
  });

  it('never shows an old value as new', async () => {
    const { text, body } = await page([sunnyInverter(NOON, { id: 1, powerW: 475, ageS: 3 * 3600, state: 'offline' })]);
    expect(text).toMatch(/Jetzt – unbekannt Kein aktueller Wert zuletzt 475 W, vor 3 Stunden/);
    expect(body).not.toContain('data-freshness="fresh"');
    expect(body).toContain('chart-now-old');
  });

  it('tells night from trouble', async () => {
    const { text } = await page([sunnyInverter(NOON, { id: 1, powerW: 2, ageS: 7200, state: 'asleep' })]);
    expect(text).toContain('Schläft bis zum Morgen');
    expect(text).toContain('Die Sonne ist untergegangen');
    expect(text).not.toContain('Offline');
  });

  it('unknown is a dash, and zero is zero', async () => {
    const nothing = await page([sunnyInverter(NOON, { id: 1, powerW: null, energyTodayWh: null })]);
    expect(nothing.text).toMatch(/Jetzt – unbekannt .*Heute – unbekannt .*Noch nichts gemessen/);
    await web.app.close();
    const zero = await page([sunnyInverter(NOON, { id: 1, powerW: 0, energyTodayWh: 0, state: 'idle' })]);
    expect(zero.text).toMatch(/Jetzt 0 W .*Heute 0,00 kWh/);
    expect(zero.text).toContain('Alles erreichbar, keine Leistung');
  });

  it('an empty account gets the set-up guide, and nothing that looks like data', async () => {
    const { text, body } = await page([]);
    expect(text).toContain('Was haben Sie?');
    expect(text).not.toMatch(/\d W\b|kWh/);
    expect(body).toContain('sse-connect="/live/page?topic=overview&amp;shape=empty"');
  });

  it('an inverter that was never seen leads on to its set-up', async () => {
    const { body, text } = await page([inverter({ id: 7 })]);
    expect(body).toContain('href="/inverters/7/setup"');
    expect(text).toContain('Wartet auf die erste Meldung');
    expect(text).toContain('In diesem Zeitraum wurde nichts gemessen.');
  });

  it.each(['never_seen', 'waiting'] as const)(
    'is not all well with one that has delivered nothing (%s): it is named, and its set-up is a click away',
    async (state) => {
      const { body, text } = await page([sunnyInverter(NOON, { id: 1 }), inverter({ id: 7, name: 'Balkon', state })]);
      expect(text).not.toContain('Alles in Ordnung');
      expect(text).toContain('1 Wechselrichter hat noch nichts geliefert Einrichtung fortsetzen: Balkon');
      expect(body.match(/href="\/inverters\/7\/setup"/g)).toHaveLength(2);
    },
  );

  it('is all well with one whose logger was given up: it has delivered', async () => {
    const gone = sunnyInverter(NOON, { id: 7, name: 'Balkon', state: 'waiting' });
    const { text } = await page([sunnyInverter(NOON, { id: 1 }), gone]);
    expect(gone.sampledAt).not.toBeNull();
    expect(text).toContain('Alles in Ordnung');
    expect(text).not.toContain('noch nichts geliefert');
  });

  it('says what is worse first, and what was never heard of all the same', async () => {
    const fresh = [5, 6, 7, 8, 9].map((id) => inverter({ id, name: `Dach ${id}` }));
    const { text } = await page([sunnyInverter(NOON, { id: 1, ageS: 7200, state: 'offline' }), ...fresh]);
    expect(text).toContain('1 Wechselrichter ist offline Einrichtung fortsetzen: Dach 5 , Dach 6 , Dach 7 , 2 weitere');
    await web.app.close();
    const night = await page([sunnyInverter(NOON, { id: 1, ageS: 7200, state: 'asleep' }), ...fresh]);
    expect(night.text).toContain('5 Wechselrichter haben noch nichts geliefert');
    expect(night.text).toContain('Die Sonne ist untergegangen');
  });

  it('a name is text, whatever is in it', async () => {
    const { body, text } = await page([sunnyInverter(NOON, { id: 1, name: HOSTILE_NAME })]);
    expect(body).not.toMatch(/<img|<script>|onerror=alert\(1\)>"/);
    expect(text).toContain('<img src=x onerror=alert(1)>');
  });

  it('reloads now and then where there are no scripts', async () => {
    const { body } = await page([sunnyInverter(NOON, { id: 1 })]);
    expect(body).toContain('<noscript><meta http-equiv="refresh" content="120"/></noscript>');
  });

  it('of a large account has six layers, with no more reads than they take', async () => {
    await page(Array.from({ length: 40 }, (_, i) => sunnyInverter(NOON, { id: i + 1, name: `Dach ${i}` })));
    // Five by themselves; the others and all together at once.
    expect(web.services.reads).toMatchObject({ list: 1, power: 6, energy: 1 });
  });
});
