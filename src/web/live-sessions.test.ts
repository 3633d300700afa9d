import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventReader } from '../../test/support/event-reader.ts';
import { fakeServices, sunnyInverter } from '../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON } from '../../test/support/fake-web.ts';
import { COOKIE } from '../../test/support/test-app.ts';

let web: FakeWeb;
beforeEach(async () => {
  web = await fakeWeb(fakeServices([sunnyInverter(NOON, { id: 1 })]));
});
afterEach(() => web.app.close());

const cookie = Object.entries(COOKIE).map(([name, value]) => `${name}=${value}`)[0] ?? '';

async function open(): Promise<EventReader> {
  return EventReader.open(`${await web.listen()}/live/page?topic=inverters`, { cookie });
}

it('an open page is closed in the moment its session ends elsewhere, and not when another’s does', async () => {
  const origin = await web.listen();
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

describe('without a word from the database', () => {
  it('an open page is closed when the line to it is there again', async () => {
    const reader = await open();
    web.services.ended.add('session-of-1');
    web.hub.resync();
    await reader.until('the end', () => reader.isClosed);
  });

  it('an open page is closed at the next look', async () => {
    await web.app.close();
    web = await fakeWeb(fakeServices([sunnyInverter(NOON, { id: 1 })]), { live: { checkSessionMs: 20 } });
    const reader = await open();
    await reader.until('the first word', () => reader.named('clock').length > 0);
    web.services.ended.add('session-of-1');
    await reader.until('the end', () => reader.isClosed);
  });
});

it('a page whose session ends while it is read is closed as soon as it is open', async () => {
  const { list } = web.services.inverters;
  web.services.inverters.list = async (...asked) => {
    // Once: later readings must not tell it again.
    web.services.inverters.list = list;
    web.services.ended.add('session-of-1');
    web.hub.sessionsChanged(1);
    return list(...asked);
  };
  const reader = await open();
  expect(reader.status).toBe(200);
  await reader.until('the end', () => reader.isClosed);
});
