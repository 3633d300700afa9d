import { afterEach, expect, it } from 'vitest';
import { fakeServices } from '../../../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';

let web: FakeWeb;
afterEach(() => web.app.close());

it('jobs and queued work are called in the reader’s language, and by their own names where there is no word', async () => {
  const services = fakeServices();
  services.account.twoFactor.isOn = true;
  const run = { everyS: 60, startedAt: NOON, finishedAt: NOON, error: null, failedRuns: 0, nextAt: NOON };
  services.admin.jobs = async () => ({
    jobs: ['send-mail', 'of-a-later-version'].map((job) => ({ job, ...run })),
    work: [{ kind: 'purge-inverter', waiting: 3, oldest: NOON, attempts: 0 }],
  });
  web = await fakeWeb(services);
  const { body } = await web.get('/admin/jobs', { as: 'admin', headers: { 'accept-language': 'de' } });
  const text = textOf(body);
  expect(text).toContain('E-Mails senden Gelungen');
  expect(text).toContain('of-a-later-version Gelungen');
  expect(text).toContain('Gelöschte Wechselrichter, deren Messwerte zu entfernen sind 3 wartend');
  // For whoever looks a name up in the log.
  expect(body).toContain('title="send-mail"');
});
