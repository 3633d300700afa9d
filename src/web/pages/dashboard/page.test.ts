import { afterEach, describe, expect, it } from 'vitest';
import { HOSTILE_NAME } from '../../../../test/support/fake-scenes.ts';
import { fakeServices, inverter, sunnyInverter } from '../../../../test/support/fake-services.ts';
import { disbelieved } from '../../../../test/support/fake-statistics.ts';
import { type FakeWeb, fakeWeb, NOON } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';
import type { DeviceKind } from '../../../domain/inverter.ts';
import type { GatewayInfo, LoggerDetails } from '../../../services/logger-service.ts';
import type { InverterCurrent } from '../../../services/services.ts';

let web: FakeWeb;
afterEach(() => web.app.close());

async function page(one: InverterCurrent, language = 'de', query = ''): Promise<{ body: string; text: string }> {
  web = await fakeWeb(fakeServices([one]));
  const { body, statusCode } = await web.get(`/dashboard/${one.id}${query}`, {
    headers: { 'accept-language': language },
  });
  expect(statusCode).toBe(200);
  return { body, text: textOf(body) };
}

describe('the dashboard', () => {
  it('shows the four statistics, the first with its age', async () => {
    const figures = { powerW: 312, maxPowerTodayW: 640, energyTodayWh: 810, avgPowerLastHourW: 298 };
    const { text } = await page(sunnyInverter(NOON, { id: 1, ...figures }));
    expect(text).toMatch(
      /Aktuell 312 W vor 40 s alter Wert Maximum heute 640 W Heute 0,81 kWh Ø letzte Stunde 298 W Tag Woche Monat Jahr Gesamt 1H 6H 24H 7D 30D/,
    );
  });

  it('the mark of an old value is only for old ones', async () => {
    const { body } = await page(sunnyInverter(NOON, { id: 1 }));
    expect(body).not.toContain('data-freshness="old"');
    await web.app.close();
    const late = await page(sunnyInverter(NOON, { id: 1, state: 'stale', ageS: 1200 }));
    expect(late.body).toContain('data-freshness="old"');
    expect(late.text).toContain('Drei Meldungen fehlen.');
  });

  it('what a counter told and nobody believed is said at today’s figure, in the charts and in their tables', async () => {
    const one = sunnyInverter(NOON, { id: 1 });
    disbelieved.set(one, [new Date('2026-06-15T05:40:00Z'), new Date('2026-06-13T10:00:00Z')]);
    const { text, body } = await page(one);
    expect(text).toMatch(/Heute \S+ kWh unglaubwürdiger Zählerstand nicht gezählt Ø letzte Stunde/);
    expect(body.match(/class="chart-doubt"/g)).toHaveLength(4);
    expect(text).toContain('Ein unglaubwürdiger Zählerstand wurde nicht gezählt, 07:40');
    expect(body).toMatch(/aria-label="Energie\. [^"]+ unglaubwürdiger Zählerstand nicht gezählt\."/);
    expect(body).toMatch(/<th scope="row">07:00<\/th><td>[^<]+<small> unglaubwürdiger Zählerstand nicht gezählt/);
    await web.app.close();
    const sound = await page(sunnyInverter(NOON, { id: 1 }));
    expect(sound.body).not.toMatch(/unglaubwürdig|chart-doubt/);
  });

  it('the highest value in the chart is the maximum of the statistics', async () => {
    const one = sunnyInverter(NOON, { id: 1 });
    const { body } = await page(one, 'en');
    const peak = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 }).format(one.maxPowerTodayW ?? 0);
    expect(body).toMatch(new RegExp(`class="chart-peak"[^>]*>${peak}\u00a0W<`));
  });

  it('names what a period is compared with: of one that is not over the same part of the one before', async () => {
    const one = sunnyInverter(NOON, { id: 1 });
    const running = await page(one, 'de', '?period=week&compare=1');
    expect(running.text).toMatch(
      /kWh bisher, \S+ kWh (mehr|weniger) als im Zeitraum davor bis zum selben Zeitpunkt \(8\. Juni 2026, 00:00–14:00 Uhr\)/,
    );
    expect(running.text).toContain('Zeit Zusammen Zeitraum davor, bis zum selben Zeitpunkt');
    await web.app.close();
    const week = await page(one, 'en', '?period=week&date=2026-05-20&compare=1');
    expect(week.text).toMatch(/kWh in all, \S+ kWh (more|less) than in the period before \(11 ?[–-] ?17 May 2026\)/);
    expect(week.text).not.toContain('same moment');
    await web.app.close();
    const first = await page(one, 'en', '?period=day&date=2024-12-12&compare=1');
    expect(first.text).toMatch(/kWh in all, nothing is known of the period before \(Wed,? 11 December 2024\)/);
    await web.app.close();
    const february = await page(one, 'en', '?period=month&date=2026-02-01&compare=1');
    expect(february.text).toMatch(
      /\(January 2026\)\. \S+ kWh of the period before fell on days that this one does not have\./,
    );
  });

  it('a date that cannot be shown does not stay in the field, and why is said at it', async () => {
    const one = sunnyInverter(NOON, { id: 1 });
    const future = await page(one, 'de', '?period=day&date=2027-03-01');
    expect(future.body).toMatch(/id="period-date"[^>]* value="2026-06-15"[^>]* aria-describedby="period-date-note"/);
    expect(future.text).toContain('Mo., 1. März 2027 kommt erst noch. Gezeigt wird, was es bis heute gibt.');
    await web.app.close();
    const past = await page(one, 'en', '?period=day&date=1999-12-31');
    expect(past.body).toMatch(/id="period-date"[^>]* value="2000-01-01"/);
    expect(past.text).toMatch(/31 December 1999 is too long ago\. Shown is the first day there is to choose\./);
    await web.app.close();
    expect((await page(one, 'en', '?period=day&date=2026-06-14')).body).not.toContain('period-date-note');
  });

  it('draws a hole where data is missing, and says when', async () => {
    const gap = { from: new Date('2026-06-15T08:20:00Z'), to: new Date('2026-06-15T09:35:00Z') };
    const { text, body } = await page(sunnyInverter(NOON, { id: 1 }, { gaps: [gap] }));
    expect(text).toContain('Keine Daten 10:17–11:37');
    expect(body).toMatch(/aria-label="Leistung\. Maximum [^"]+ Eine Lücke\."/);
  });

  it('names every input, and measures it against the strongest', async () => {
    const { text, body } = await page(sunnyInverter(NOON, { id: 1 }));
    expect(text).toMatch(/DC-Eingänge Eingänge vergleichen Hochbeet .* Windfang .* Eingang 3 .* Carport /);
    expect(body).toContain('aria-label="81\u00a0% des stärksten Eingangs"');
  });

  it('an input that says nothing has no bar, and no zero', async () => {
    const one = sunnyInverter(NOON, { id: 1 });
    const [first] = one.channels;
    if (first === undefined) throw new Error('no input');
    const silent = { powerW: null, voltageV: null, currentA: null, energyTodayWh: null, energyTotalWh: null };
    one.channels = [{ ...first, ...silent }];
    const { text, body } = await page(one);
    expect(text).toContain('Hochbeet – unbekannt – unbekannt · – unbekannt Heute – unbekannt Gesamt – unbekannt');
    expect(body).not.toContain('des stärksten Eingangs');
  });

  it('shows both numbers of a Deye: its own and the logger’s', async () => {
    const { text } = await page(sunnyInverter(NOON, { id: 1 }));
    expect(text).toContain('Seriennummer 2306241234 Logger 3900000001 Nennleistung 800 W');
  });

  it('phases stand where a single voltage would say nothing', async () => {
    const phases = [{ voltageV: 231.4, currentA: 3.5, powerW: 800 }];
    const { text } = await page(sunnyInverter(NOON, { id: 1, phases }));
    expect(text).toContain('Phase 1 800 W · 231,4 V · 3,50 A');
    expect(text).not.toContain('Netzspannung');
  });

  it('of an inverter that was never seen says so, and how to set it up', async () => {
    const { text, body } = await page(inverter({ id: 7 }));
    expect(text).toContain('Aktuell – unbekannt');
    expect(text).toContain('So wird er eingerichtet');
    expect(body).toContain('/inverters/7/setup');
    expect(text).not.toMatch(/\b0 W|0,00 kWh/);
  });

  it('names are text', async () => {
    const one = sunnyInverter(NOON, { id: 1, name: HOSTILE_NAME, serial: '<b>1</b>', inverterSerial: null });
    one.channels = one.channels.map((channel) => ({ ...channel, name: HOSTILE_NAME }));
    const { body } = await page(one);
    expect(body).not.toMatch(/<img|<script>|<b>/);
    expect(body).toContain('<title>&lt;img');
  });

  describe('of the logger', () => {
    const gateway: GatewayInfo = {
      firmware: 'MW3_16U_5406_1.57',
      hardware: 'V1.1.00.0B',
      localAddress: '192.168.178.50',
      macAddress: null,
      wifiName: HOSTILE_NAME,
      signalPct: 71,
      uploadPeriodS: 300,
      samplePeriodS: 90,
      heartbeatPeriodS: 120,
      inverterFirmware: null,
      handshakeAt: new Date(NOON.getTime() - 600_000),
      lastSeenAt: NOON,
      lastAddress: '203.0.113.7',
    };

    async function pageWith(details: Partial<LoggerDetails>, kind: DeviceKind = 'solarman'): Promise<string> {
      const services = fakeServices([sunnyInverter(NOON, { id: 1, kind })]);
      services.loggers.of.set(1, { claim: null, gateway: null, keptFrames: [], tls: null, ...details });
      web = await fakeWeb(services);
      return (await web.get('/dashboard/1', { headers: { 'accept-language': 'de' } })).body;
    }

    it('shows what it said of itself, and nothing of it as markup', async () => {
      const body = await pageWith({ gateway });
      const text = textOf(body);
      expect(text).toContain('Firmware MW3_16U_5406_1.57 Hardware V1.1.00.0B WLAN');
      expect(text).toContain('Signal 71 % Adresse im Heimnetz 192.168.178.50 Meldet sich alle 5 min Misst alle 90 s');
      expect(text).toContain('Letzte Anmeldung vor 10 Minuten');
      expect(body).not.toContain(HOSTILE_NAME);
    });

    it('names unknown layouts, with the way to their frames', async () => {
      const kept = { layout: '0x5413', reason: 'unknown_layout', count: 12, lastReceivedAt: NOON };
      const body = await pageWith({ keptFrames: [kept] });
      expect(textOf(body)).toContain('Unbekanntes Layout 0x5413 12 Pakete, zuletzt');
      expect(body).toContain('href="/api/v1/inverters/1/frames"');
    });

    it('can be given up from here, where it is this account’s', async () => {
      expect(await pageWith({ gateway })).toContain('href="/inverters/1/release"');
      await web.app.close();
      const claim = { restartUntil: null, isReleased: true, isTaken: false, hasRivals: false, lastSeenAt: null };
      expect(await pageWith({ gateway, claim })).not.toContain('/release"');
    });

    it('says nothing where there is none', async () => {
      expect(textOf(await pageWith({ gateway }, 'opendtu'))).not.toContain('MW3_16U_5406_1.57');
      await web.app.close();
      const body = await pageWith({});
      expect(textOf(body)).toContain('Er hat noch nichts über sich mitgeteilt.');
      expect(body).not.toContain('/frames');
    });
  });
});
