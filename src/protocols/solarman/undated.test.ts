import { describe, expect, it } from 'vitest';
import { NOON, TestLogger } from '../../../test/support/solarman-logger.ts';
import type { Message, SessionOutcome } from '../protocol.ts';
import { solarman } from './index.ts';

const noon = new Date('2025-07-15T12:00:00Z');
const later = (s: number) => new Date(noon.getTime() + s * 1000);
const at = (time: string) => new Date(`2025-07-15T${time}Z`);

function only(outcome: SessionOutcome): Message {
  expect(outcome.messages.length).toBe(1);
  const [message] = outcome.messages;
  if (message === undefined) throw new Error('no message');
  return message;
}

describe('a sample taken before the logger knew the time', () => {
  const unset = { ...NOON, inverterClock: '2020-01-01T00:00:40' };

  it('is dated by the offset that the logger tells, not by a handshake that was long under way', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    session.receive(logger.handshake(noon), later(30));
    const { raw, readings } = only(session.receive(logger.stored(at('09:55:00')), later(30)));
    expect(readings).toEqual([]);
    expect(raw).toMatchObject({ reason: 'undated', reckonedAt: at('09:55:30') });
    logger.learnTime(later(30));
    const [dated] = session.receive(logger.data(later(31)), later(31)).messages;
    expect(dated?.readings).toMatchObject([
      { sampledAt: at('09:55:00'), timeQuality: 'boot', stored: true, flags: [] },
    ]);
  });

  it('is dated by the handshake of the same power-on when no offset is told for minutes', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    session.receive(logger.handshake(noon), noon);
    session.receive(logger.stored(at('09:55:00')), later(1));
    only(session.receive(logger.heartbeat(), later(180)));
    const [dated] = session.receive(logger.heartbeat(), later(181)).messages;
    expect(dated?.readings).toMatchObject([{ sampledAt: at('09:55:00'), timeQuality: 'boot' }]);
    expect(session.end(later(200)).messages).toEqual([]);
  });

  it('is forgotten before whoever keeps it dates it without an offset', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    session.receive(logger.stored(at('09:55:00')), noon);
    only(session.receive(logger.heartbeat(), later(300)));
    only(session.receive(logger.heartbeat(), later(540)));
    logger.learnTime(later(560));
    expect(only(session.receive(logger.data(later(560)), later(560))).readings).toMatchObject([{ stored: false }]);
  });

  it('is dated at once by an offset told before', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    const early = logger.stored(at('09:55:00'));
    logger.learnTime(noon);
    session.receive(logger.data(noon), noon);
    const [reading] = only(session.receive(early, later(1))).readings;
    expect(reading).toMatchObject({ sampledAt: at('09:55:00'), timeQuality: 'boot' });
  });

  it.each<[string, (logger: TestLogger) => Buffer]>([
    ['live sample', (logger) => logger.data(noon)],
    ['stored sample', (logger) => logger.stored(noon)],
    ['Wi-Fi info', (logger) => logger.wifi(noon)],
    ['report', (logger) => logger.report(noon)],
  ])('waits, kept raw, for the next %s of the same power-on', (_what, next) => {
    const logger = new TestLogger();
    const session = solarman.open();
    const early = logger.stored(at('09:55:00'));
    const waiting = only(session.receive(early, noon));
    expect(waiting).toMatchObject({ readings: [], raw: { layout: '0x5408', reason: 'undated' } });
    expect(waiting.acknowledgement).toMatchObject({ code: 0x12, when: 'stored' });
    logger.learnTime(noon);
    const [dated, message] = session.receive(next(logger), later(1)).messages;
    expect(dated).toMatchObject({ type: 'data', acknowledgement: null, raw: null, facts: null });
    expect(dated?.readings).toMatchObject([{ sampledAt: at('09:55:00'), timeQuality: 'boot', stored: true }]);
    expect(message?.acknowledgement).not.toBeNull();
    expect(session.end(later(2)).messages).toEqual([]);
  });

  it('waits although there was a handshake, when the clock of the inverter says something else', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    session.receive(logger.handshake(noon), noon);
    expect(only(session.receive(logger.stored(at('09:55:00'), unset), noon)).raw?.reason).toBe('undated');
    logger.learnTime(noon, later(-86_400 * 30));
    const [dated] = session.receive(logger.data(noon), later(1)).messages;
    expect(dated?.readings[0]?.sampledAt).toEqual(new Date('2025-06-15T09:55:00Z'));
  });

  it('waits once, however often it is sent', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    const early = logger.stored(at('09:55:00'));
    const first = only(session.receive(early, noon));
    expect(only(session.receive(early, later(30)))).toEqual({ ...first, repeated: true });
    logger.learnTime(noon);
    const [dated] = session.receive(logger.wifi(noon), later(60)).messages;
    expect(dated?.readings.length).toBe(1);
    expect(dated?.settles).toEqual([first.raw?.bytes]);
  });

  it('without any clock of its power-on waits where it is kept, beyond the end of the connection', () => {
    const session = solarman.open();
    expect(only(session.receive(new TestLogger().stored(at('09:55:00')), noon)).raw?.reason).toBe('undated');
    expect(session.receive(new TestLogger().heartbeat(), later(3600)).messages.length).toBe(1);
    expect(session.end(later(3601)).messages).toEqual([]);
  });

  it('falls back to the handshake when the connection ends, where there was one', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    session.receive(logger.handshake(noon), noon);
    session.receive(logger.stored(at('09:55:00'), unset), noon);
    expect(only(session.end(later(5))).readings).toMatchObject([{ sampledAt: at('09:55:00'), timeQuality: 'boot' }]);
  });

  it('is never dated by another power-on', () => {
    const yesterday = new TestLogger(4_100_000_001, new Date('2025-07-14T05:00:00Z'), 5_000_000);
    const today = new TestLogger();
    const session = solarman.open();
    session.receive(today.handshake(noon), noon);
    today.learnTime(noon);
    session.receive(yesterday.stored(new Date('2025-07-14T06:00:00Z')), noon);
    expect(session.receive(today.data(noon), noon).messages.length).toBe(1);
    expect(session.end(noon).messages).toEqual([]);
  });

  it('waits in memory up to a bound: the oldest goes first', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    const frames = Array.from({ length: 301 }, (_, i) =>
      logger.stored(new Date(logger.bootedAt.getTime() + i * 60_000)),
    );
    session.receive(Buffer.concat(frames), noon);
    logger.learnTime(noon);
    const [dated] = session.receive(logger.wifi(noon), noon).messages;
    expect(dated?.readings.length).toBe(300);
    expect(dated?.readings[0]?.sampledAt).toEqual(new Date(logger.bootedAt.getTime() + 60_000));
  });

  it('is not waited for when it is live: then the arrival is as good', () => {
    const frame = new TestLogger().data(at('09:55:00'));
    const session = solarman.open();
    const first = only(session.receive(frame, noon)).readings;
    expect(first).toMatchObject([{ sampledAt: noon, timeQuality: 'receipt', flags: ['clock_untrusted'] }]);
    expect(only(session.receive(frame, later(30))).readings, 'one date, however often it is sent').toEqual(first);
  });
});
