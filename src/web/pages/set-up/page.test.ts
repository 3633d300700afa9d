import { afterEach, describe, expect, it } from 'vitest';
import { fakeServices, inverter, sunnyInverter } from '../../../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON, WEB_CONFIG } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';
import { TooMany } from '../../../domain/errors.ts';
import type { InverterCurrent } from '../../../services/services.ts';
import type { WebConfig } from '../../config.ts';

let web: FakeWeb;
afterEach(() => web.app.close());

const german = { headers: { 'accept-language': 'de' } };

async function start(one: InverterCurrent, config: Partial<WebConfig> = {}): Promise<FakeWeb> {
  web = await fakeWeb(fakeServices([one]), { config });
  return web;
}

const copied = (body: string): string[] => [...body.matchAll(/data-copy="([^"]*)"/g)].map(([, value]) => value ?? '');

describe('the set-up guide', () => {
  it('first asks what it is, then which one', async () => {
    await start(inverter({ id: 7 }));
    const { body } = await web.get('/inverters/new', german);
    expect(body).not.toContain('name="serial"');
    const chosen = await web.get('/inverters/new?kind=opendtu', german);
    expect(chosen.body).toContain('<input type="hidden" name="kind" value="opendtu"/>');
    expect(textOf((await web.get('/inverters/new?kind=toaster', german)).body)).toContain('Was haben Sie?');
  });

  it('keeps the choice when the form is refused', async () => {
    await start(inverter({ id: 7 }));
    const answer = await web.post('/inverters/new', { kind: 'solarman', name: 'Süd', serial: 'x' }, german);
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain('name="kind" value="solarman"');
    expect(textOf(answer.body)).toContain('Bitte nur Ziffern');
  });

  it('a Deye gets host and port to copy, and the warning about 10443', async () => {
    await start(inverter({ id: 7 }));
    const { body } = await web.get('/inverters/7/setup', german);
    expect(copied(body)).toEqual(['192.168.178.20', '10000', 'TCP']);
    expect(textOf(body)).toContain('Steht dort Port 10443? Dann ändern Sie bitte nichts');
    expect(textOf(body)).toContain('Nach fünf Minuten noch nichts?');
  });

  it.each(['opendtu', 'victron'] as const)('%s gets the URL and the header to copy', async (kind) => {
    await start(inverter({ id: 7, kind }));
    const { body } = await web.get('/inverters/7/setup', german);
    expect(copied(body).slice(0, 2)).toEqual([`http://192.168.178.20:8000/api/${kind}/measurements`, 'X-API-Key']);
    expect(body).not.toContain('ABCD-');
  });

  it('a key is shown in the answer to its making, and never again', async () => {
    await start(inverter({ id: 7, kind: 'opendtu' }));
    const made = await web.post('/inverters/7/setup', {}, german);
    expect(made.statusCode).toBe(200);
    expect(copied(made.body)).toContain('ABCD-EFGH-JKMN-PQRS');
    expect(made.headers['cache-control']).toBe('no-store');
    expect((await web.get('/inverters/7/setup', german)).body).not.toContain('ABCD-');
  });

  it('waits until data arrives, and then says so', async () => {
    await start(inverter({ id: 7 }));
    expect(textOf((await web.get('/inverters/7/setup', german)).body)).toContain('Warte auf das erste Paket …');
    web.services.inverters.of.set(1, [sunnyInverter(NOON, { id: 7, powerW: 312 })]);
    const { body } = await web.get('/inverters/7/setup', german);
    expect(textOf(body)).toMatch(/Daten kommen an Balkon Süd ist verbunden\. 312 W/);
    expect(body).toContain('href="/dashboard/7"');
    expect(textOf(body)).not.toContain('Nach fünf Minuten noch nichts?');
  });

  it('a logger that is not proven yet is told apart from one that is silent', async () => {
    await start(inverter({ id: 7, state: 'waiting' }));
    expect(textOf((await web.get('/inverters/7/setup', german)).body)).toContain('dass dieser Logger Ihnen gehört');
  });

  describe('of a logger that waits for a proof', () => {
    const waiting = { restartUntil: null, isReleased: false, isTaken: false, hasRivals: false, lastSeenAt: null };
    const details = { claim: waiting, gateway: null, keptFrames: [], tls: null };

    async function startWaiting(claim: Partial<typeof waiting> = {}): Promise<FakeWeb> {
      await start(inverter({ id: 7, state: 'waiting' }));
      web.services.loggers.of.set(7, { ...details, claim: { ...waiting, ...claim } });
      return web;
    }

    it('says how to show whose it is, and until when it waits for the restart', async () => {
      await startWaiting();
      const before = await web.get('/inverters/7/setup', german);
      expect(before.body).toContain('name="intent" value="restart"');
      expect(textOf(before.body)).toContain('Der Logger hat sich hier noch nicht gemeldet.');
      const asked = await web.post('/inverters/7/setup', { intent: 'restart' }, german);
      expect([asked.statusCode, asked.headers.location]).toEqual([303, '/inverters/7/setup']);
      const after = await web.get('/inverters/7/setup', german);
      expect(textOf(after.body)).toContain('Meldet er sich vor 14:15 wieder, ist er Ihrer.');
      expect(after.body).not.toContain('name="intent" value="restart"');
    });

    it('says when somebody else has it, or waits for it too', async () => {
      await startWaiting({ hasRivals: true });
      expect(textOf((await web.get('/inverters/7/setup', german)).body)).toContain(
        'Noch jemand wartet auf diesen Logger',
      );
      await web.app.close();
      await startWaiting({ isTaken: true });
      expect(textOf((await web.get('/inverters/7/setup', german)).body)).toContain('gehört zu einem anderen Konto');
    });

    it('says that a restart was announced too often', async () => {
      await startWaiting();
      web.services.loggers.askRestart = () => Promise.reject(new TooMany('too often', 60));
      const answer = await web.post('/inverters/7/setup', { intent: 'restart' }, german);
      expect(answer.statusCode).toBe(429);
      expect(textOf(answer.body)).toContain('Für heute wurde das oft genug angekündigt.');
    });

    it('warns of a logger nearby that speaks TLS', async () => {
      await startWaiting();
      const tls = { address: '203.0.113.7', lastSeenAt: NOON };
      web.services.loggers.of.set(7, { ...details, tls });
      const text = textOf((await web.get('/inverters/7/setup', german)).body);
      expect(text).toContain('Ein Logger von 203.0.113.7 wollte sich am');
      expect(text).toContain('14:00');
    });
  });

  it('says when the address is one that only this computer knows', async () => {
    await start(inverter({ id: 7 }), { collector: { ...WEB_CONFIG.collector, publicHost: 'localhost' } });
    expect(textOf((await web.get('/inverters/7/setup', german)).body)).toContain('die andere Geräte nicht erreichen');
  });
});
