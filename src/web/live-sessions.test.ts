import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeServices, sunnyInverter } from '../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON } from '../../test/support/fake-web.ts';
import { COOKIE } from '../../test/support/test-app.ts';

let web: FakeWeb;
beforeEach(async () => {
  web = await fakeWeb(fakeServices([sunnyInverter(NOON, { id: 1 })]));
});
afterEach(() => web.app.close());

it('an open page is closed in the moment its session ends elsewhere, and not when another’s does', async () => {
  const origin = await web.listen();
  const cookie = Object.entries(COOKIE).map(([name, value]) => `${name}=${value}`)[0] ?? '';
  const stream = await fetch(`${origin}/live/page?topic=inverters`, { headers: { cookie } });
  expect(stream.status).toBe(200);
  let isOver = false;
  const reading = (async () => {
    for await (const _ of stream.body ?? []);
    isOver = true;
  })();
  web.hub.sessionsChanged(2);
  web.hub.sessionsChanged(1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(isOver).toBe(false);
  web.services.ended.add('session-of-1');
  web.hub.sessionsChanged(1);
  await reading;
  expect(isOver).toBe(true);
  expect((await fetch(`${origin}/live/page?topic=inverters`, { headers: { cookie } })).status).toBe(401);
});
