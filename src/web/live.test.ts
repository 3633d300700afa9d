import { afterEach, describe, expect, it } from 'vitest';
import { EventReader } from '../../test/support/event-reader.ts';
import { fakeServices, inverter, sunnyInverter } from '../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON } from '../../test/support/fake-web.ts';
import { Unavailable } from '../domain/errors.ts';
import type { WebPluginDependencies } from './plugin.ts';

let web: FakeWeb | null = null;
const readers: EventReader[] = [];

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await web?.app.close();
  web = null;
});

/** Of the pages as they are in these tests. */
const SHAPES: Record<string, string> = { overview: 'filled', dashboard: 'inputs2026-06-15' };

const QUICK = { times: { coalesceMs: 20 } };

async function started(live: NonNullable<WebPluginDependencies['live']> = QUICK): Promise<{
  web: FakeWeb;
  watch: (
    topic: string,
    options?: { as?: string; shape?: string; language?: string; query?: string },
  ) => Promise<EventReader>;
}> {
  const services = fakeServices([
    sunnyInverter(NOON, { id: 1, powerW: 312 }),
    sunnyInverter(NOON, { id: 2, name: 'Gartenhaus', powerW: 100 }),
  ]);
  services.inverters.of.set(2, [sunnyInverter(NOON, { id: 9, name: 'Nebenan' })]);
  const running = await fakeWeb(services, { live });
  web = running;
  const origin = await running.listen();
  return {
    web: running,
    async watch(
      topic,
      { as = '1', shape = SHAPES[topic.split(':')[0] ?? ''] ?? '', language = 'de', query: asked = '' } = {},
    ) {
      const cookie = as === '' ? {} : { cookie: `fastapiusersauth=token-of-${as}` };
      const query = new URLSearchParams({ topic, shape, query: asked });
      const reader = await EventReader.open(`${origin}/live/page?${query}`, { ...cookie, 'accept-language': language });
      readers.push(reader);
      return reader;
    },
  };
}

/** The text of a fragment. */
function shown(html: string | undefined): string {
  return (html ?? '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/[\s\u00a0]+/g, ' ')
    .trim();
}

function setPower(running: FakeWeb, powerW: number): void {
  const [first] = running.services.inverters.of.get(1) ?? [];
  if (first === undefined) throw new Error('no inverter');
  first.powerW = powerW;
}

describe('an open page', () => {
  it('gets the present state when it connects', async () => {
    const { watch } = await started();
    const reader = await watch('dashboard:1');
    await reader.until('the statistics', () => reader.named('statistics').length > 0);
    expect(shown(reader.named('statistics')[0]?.data)).toMatch(/Aktuell 312 W vor 40 s/);
    expect(reader.named('statistics')[0]?.id).not.toBeNull();
  });

  it('gets a new value when one arrives', async () => {
    const { web: running, watch } = await started();
    const reader = await watch('overview');
    await reader.until('the first state', () => reader.named('now').length > 0);
    setPower(running, 500);
    running.emit({ inverterId: 1 });
    await reader.until('600 W', () => shown(reader.named('now').at(-1)?.data).includes('600 W'));
  });

  it('a burst is one reading of the database and one answer', async () => {
    const { web: running, watch } = await started({ times: { coalesceMs: 200 } });
    const reader = await watch('overview');
    await reader.until('the state after joining', () => reader.named('now').length === 2);
    const before = running.services.reads.list;
    for (let i = 0; i < 50; i += 1) running.emit({ inverterId: 1 });
    await reader.until('the answer', () => reader.named('now').length === 3);
    expect(running.services.reads.list - before).toBe(1);
  });

  it('many pages of one account are one reading, and the same bytes', async () => {
    const { web: running, watch } = await started();
    const all = [await watch('overview'), await watch('overview'), await watch('overview')];
    for (const one of all) await one.until('a state', () => one.named('now').length > 0);
    await all[0]?.until('the state after joining', () => (all[0]?.named('now').length ?? 0) >= 2);
    const before = running.services.reads.list;
    setPower(running, 555);
    running.emit({});
    for (const one of all) await one.until('655 W', () => shown(one.named('now').at(-1)?.data).includes('655 W'));
    expect(running.services.reads.list - before).toBe(1);
    expect(new Set(all.map((one) => one.named('now').at(-1)?.data)).size).toBe(1);
  });

  it('is spoken to in its language', async () => {
    const { watch } = await started();
    const reader = await watch('overview', { language: 'en-US' });
    await reader.until('a state', () => reader.named('verdict').length > 0);
    expect(shown(reader.named('verdict')[0]?.data)).toBe('All is well');
  });

  it('of one inverter does not re-read for another', async () => {
    const { web: running, watch } = await started();
    const first = await watch('dashboard:1');
    const second = await watch('dashboard:2');
    for (const one of [first, second]) {
      await one.until('the state after joining', () => one.named('statistics').length === 2);
    }
    running.emit({ inverterId: 2 });
    await second.until('the answer', () => second.named('statistics').length === 3);
    expect(first.named('statistics')).toHaveLength(2);
    running.emit({ inverterId: 1 });
    await first.until('the answer', () => first.named('statistics').length === 3);
  });

  it('is sent the charts of its own period, where a reading is seen in them', async () => {
    const { web: running, watch } = await started();
    const hour = await watch('dashboard:1', { query: 'period=1h', shape: 'inputs' });
    const month = await watch('dashboard:1', { query: 'period=month', shape: 'inputs' });
    const day = await watch('summary', { shape: '2026-06-15' });
    for (const one of [hour, month, day]) await one.until('a state', () => one.named('statistics').length === 2);
    expect(hour.named('power')[0]?.data).toContain('13:30');
    expect(day.named('power')[0]?.data).toContain('06:00');
    expect(day.named('energy')).toHaveLength(2);
    // A month is read again now and then, not for every reading.
    expect(month.named('power')).toHaveLength(0);
    const before = running.services.reads.energy;
    running.emit({ inverterId: 1 });
    await month.until('the answer', () => month.named('statistics').length === 3);
    await hour.until('the answer', () => hour.named('statistics').length === 3);
    await day.until('the answer', () => day.named('statistics').length === 3);
    expect(running.services.reads.energy - before).toBe(1 + 2);
  });

  it("hears nothing of another account's inverters", async () => {
    const { web: running, watch } = await started();
    const mine = await watch('overview');
    await mine.until('the state after joining', () => mine.named('now').length === 2);
    running.emit({ userId: 2, inverterId: 9 });
    running.emit({ userId: 1, inverterId: 1 });
    await mine.until('my own', () => mine.named('now').length === 3);
    expect(mine.text).not.toContain('Nebenan');
  });

  it('catches up when announcements may have been missed', async () => {
    const { web: running, watch } = await started();
    const reader = await watch('overview');
    await reader.until('a state', () => reader.named('now').length >= 2);
    setPower(running, 700);
    running.hub.resync();
    await reader.until('800 W', () => shown(reader.named('now').at(-1)?.data).includes('800 W'));
  });

  it('is read again without any event, because states change by the clock', async () => {
    const { web: running, watch } = await started({ times: { coalesceMs: 10, refreshMs: 40 } });
    const reader = await watch('overview');
    await reader.until('a state', () => reader.named('now').length >= 2);
    const [first] = running.services.inverters.of.get(1) ?? [];
    if (first !== undefined) first.state = 'offline';
    await reader.until('offline', () =>
      shown(reader.named('verdict').at(-1)?.data).includes('1 Wechselrichter ist offline'),
    );
  });

  it('keeps what it shows when the database does not answer, and goes on afterwards', async () => {
    const { web: running, watch } = await started({ times: { coalesceMs: 10, retryMs: 20 } });
    const reader = await watch('overview');
    await reader.until('a state', () => reader.named('now').length >= 2);
    const count = reader.named('now').length;
    running.services.failWith = new Unavailable('The database does not answer.');
    running.emit({});
    await expect
      .poll(() => running.lines.filter((line) => line.includes('could not be read')).length)
      .toBeGreaterThan(0);
    expect(reader.named('now')).toHaveLength(count);
    running.services.failWith = null;
    await reader.until('the state again', () => reader.named('now').length > count);
  });

  it('is told to load again when it has become another page, or is gone', async () => {
    const { web: running, watch } = await started();
    const empty = await watch('overview', { shape: 'empty' });
    await empty.until('reload', () => empty.named('reload').length > 0);
    expect(empty.named('now')).toEqual([]);
    const gone = await watch('dashboard:1');
    await gone.until('a state', () => gone.named('statistics').length > 0);
    running.services.inverters.of.set(1, [inverter({ id: 2 })]);
    running.emit({ inverterId: 1 });
    await gone.until('reload', () => gone.named('reload').length > 0);
  });
});

describe('who may listen', () => {
  it('nobody who is not signed in', async () => {
    const { watch } = await started();
    expect((await watch('overview', { as: '' })).status).toBe(401);
  });

  it.each(['dashboard:9', 'dashboard:999', 'dashboard:0', 'dashboard', 'nothing', 'login', '../x', ''])(
    'not to "%s", which is not theirs or not there',
    async (topic) => {
      const { watch } = await started();
      expect((await watch(topic)).status).toBe(404);
    },
  );

  it('not for longer than the session lives', async () => {
    const { web: running, watch } = await started({ ...QUICK, checkSessionMs: 20 });
    const reader = await watch('overview');
    await reader.until('open', () => reader.events.length > 0);
    running.services.ended.add('session-of-1');
    await reader.until('the end', () => reader.isClosed);
    expect((await watch('overview')).status).toBe(401);
  });

  it('leaves nothing behind when the page is closed', async () => {
    const { web: running, watch } = await started();
    const reader = await watch('overview');
    await reader.until('open', () => reader.events.length > 0);
    expect(running.hub.subscribers).toBe(1);
    reader.close();
    await expect.poll(() => running.hub.subscribers).toBe(0);
  });
});
