import { describe, expect, it } from 'vitest';
import { NOON, TestLogger } from '../../../test/support/solarman-logger.ts';
import type { Reading } from '../../domain/reading.ts';
import type { BootClock, Message, SessionOutcome } from '../protocol.ts';
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

/** What its keeper makes of a kept sample when these clocks are known. */
function replayed({ raw }: Message, serial: number, ...clocks: (BootClock | null | undefined)[]): Reading | null {
  if (raw === null) throw new Error('nothing is kept');
  const known = clocks.filter((clock) => clock != null);
  return solarman.replay([{ ...raw, receivedAt: noon }], String(serial), known)[0] ?? null;
}

describe('a sample taken before the logger knew the time', () => {
  const unset = { ...NOON, inverterClock: '2020-01-01T00:00:40' };

  it('is dated by the offset that the logger tells, not by a handshake that was long under way', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    const handshake = only(session.receive(logger.handshake(noon), later(30)));
    const early = only(session.receive(logger.stored(at('09:55:00')), later(30)));
    expect(early).toMatchObject({ readings: [], raw: { reason: 'undated', reckonedAt: at('09:55:30') } });
    logger.learnTime(later(30));
    const { readings, clock } = only(session.receive(logger.data(later(31)), later(31)));
    expect(readings, 'its keeper dates it').toMatchObject([{ stored: false }]);
    expect(replayed(early, logger.serial, handshake.clock, clock)).toMatchObject({
      sampledAt: at('09:55:00'),
      timeQuality: 'boot',
      stored: true,
      flags: [],
    });
  });

  it('is dated by nobody else, however long the connection goes on with a handshake alone', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    session.receive(logger.handshake(noon), noon);
    session.receive(logger.stored(at('09:55:00')), later(1));
    for (const s of [181, 541, 3601]) {
      expect(only(session.receive(logger.heartbeat(), later(s)))).toMatchObject({ type: 'heartbeat', readings: [] });
    }
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
    const waiting = only(session.receive(logger.stored(at('09:55:00')), noon));
    expect(waiting).toMatchObject({ readings: [], raw: { layout: '0x5408', reason: 'undated' }, clock: null });
    expect(waiting.acknowledgement).toMatchObject({ code: 0x12, when: 'stored' });
    logger.learnTime(noon);
    const { clock } = only(session.receive(next(logger), later(1)));
    expect(replayed(waiting, logger.serial, clock)).toMatchObject({ sampledAt: at('09:55:00'), timeQuality: 'boot' });
  });

  it('waits although there was a handshake, when the clock of the inverter says something else', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    const handshake = only(session.receive(logger.handshake(noon), noon));
    const waiting = only(session.receive(logger.stored(at('09:55:00'), unset), noon));
    expect(waiting.raw?.reason).toBe('undated');
    logger.learnTime(noon, later(-86_400 * 30));
    const { clock } = only(session.receive(logger.data(noon), later(1)));
    const dated = replayed(waiting, logger.serial, handshake.clock, clock);
    expect(dated?.sampledAt).toEqual(new Date('2025-06-15T09:55:00Z'));
  });

  it('is the same to be kept, however often it is sent', () => {
    const session = solarman.open();
    const early = new TestLogger().stored(at('09:55:00'));
    const first = only(session.receive(early, noon));
    expect(only(session.receive(early, later(30)))).toEqual({ ...first, repeated: true });
  });

  it('is never dated by another power-on', () => {
    const yesterday = new TestLogger(4_100_000_001, new Date('2025-07-14T05:00:00Z'), 5_000_000);
    const today = new TestLogger();
    const session = solarman.open();
    const handshake = only(session.receive(today.handshake(noon), noon));
    today.learnTime(noon);
    const waiting = only(session.receive(yesterday.stored(new Date('2025-07-14T06:00:00Z')), noon));
    const { clock } = only(session.receive(today.data(noon), noon));
    expect(waiting.raw?.reason).toBe('undated');
    expect(replayed(waiting, today.serial, handshake.clock, clock)?.timeQuality).not.toBe('boot');
  });

  it('is not waited for when it is live: then the arrival is as good', () => {
    const frame = new TestLogger().data(at('09:55:00'));
    const session = solarman.open();
    const first = only(session.receive(frame, noon)).readings;
    expect(first).toMatchObject([{ sampledAt: noon, timeQuality: 'receipt', flags: ['clock_untrusted'] }]);
    expect(only(session.receive(frame, later(30))).readings, 'one date, however often it is sent').toEqual(first);
  });
});
