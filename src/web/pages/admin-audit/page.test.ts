import { afterEach, describe, expect, it } from 'vitest';
import { fakeServices } from '../../../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';
import type { AuditRow } from '../../../store/admin-operation.ts';

let web: FakeWeb;
afterEach(() => web.app.close());

const ENTRY: Omit<AuditRow, 'action' | 'detail'> = {
  ...{ id: 1, at: NOON, actorId: null, actorEmail: null, userId: null, userEmail: null, address: null },
};

async function page(language: string, entries: [string, Record<string, unknown>][]): Promise<string> {
  const services = fakeServices();
  services.account.twoFactor.isOn = true;
  services.administration.audit = entries.map(([action, detail]) => ({ ...ENTRY, action, detail }));
  web = await fakeWeb(services);
  return textOf((await web.get('/admin/audit', { as: 'admin', headers: { 'accept-language': language } })).body);
}

describe('the particulars of an entry in the audit log', () => {
  it('are said in words, those that are somebody’s own as they are', async () => {
    const text = await page('de', [
      ['sign-in.failed', { why: 'password' }],
      ['api-key.created', { by: 'command line', key_id: 4, name: 'password', scope: 'ingest' }],
      ['inverter.added', { kind: 'other', automatic: true }],
      ['site.time_zone', { from: 'Europe/Berlin', to: 'UTC' }],
      ['energy.recomputed', { to: '2026-06-15T12:00:00.000Z', before_wh: 84_220, after_wh: null }],
    ]);
    for (const words of [
      'Grund: Adresse oder Passwort falsch',
      'mittels: Befehlszeile , Nummer des Schlüssels: 4 , Bezeichnung: password , Umfang: Sendet',
      'Anbindung: Sonstige , von selbst: ja',
      'vorher: Europe/Berlin , jetzt: UTC',
      'bis: 15.06.2026, 14:00 , vorher: 84,22 kWh , nachher: unbekannt',
    ]) {
      expect(text).toContain(words);
    }
  });

  it('what looks like a time and is somebody’s own stays as it is, also where it is none', async () => {
    const text = await page('en', [
      ['api-key.created', { name: '2026-13-45T99:99:99.999Z' }],
      ['api-key.created', { name: '2026-06-15T12:00:00.000Z' }],
    ]);
    expect(text).toContain('name: 2026-13-45T99:99:99.999Z');
    expect(text).toContain('name: 2026-06-15T12:00:00.000Z');
  });

  it('are said in English too, and as they were noted where there is no word', async () => {
    const text = await page('en', [
      ['sign-in.failed', { why: 'code' }],
      ['tariff.chosen', { tariff: { ct: 8 }, why: 'cheaper', constructor: 'x' }],
    ]);
    expect(text).toContain('reason: wrong code');
    expect(text).toContain('tariff.chosen');
    expect(text).toContain('tariff: {"ct":8} , reason: cheaper , constructor: x');
  });
});
