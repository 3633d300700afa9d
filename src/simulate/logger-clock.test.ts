import { describe, expect, test } from 'vitest';
import { LoggerClock } from './logger-clock.ts';

const NOON = Date.UTC(2025, 5, 21, 12);
const S = 1000;

describe("a logger's clock", () => {
  test('counts from power-on and knows no time until a server tells it', () => {
    const clock = new LoggerClock(7_000);
    clock.boot(NOON);
    expect(clock.time(NOON + 90.7 * S)).toEqual({ workingS: 7_090, powerOnS: 90, offsetS: 0 });
    clock.learn(NOON + 100 * S, NOON + 100 * S, 120);
    const { workingS, offsetS } = clock.time(NOON + 160 * S);
    expect((workingS + offsetS) * S).toBe(NOON + 160 * S);
    expect(clock.utcOffsetMin).toBe(120);
  });

  test('believes a server whose clock is wrong', () => {
    const clock = new LoggerClock(0);
    clock.boot(NOON);
    clock.learn(NOON, NOON + 3_600 * S, 0);
    const { workingS, offsetS } = clock.time(NOON + 60 * S);
    expect((workingS + offsetS) * S).toBe(NOON + 3_660 * S);
  });

  test('does not waver with the whole seconds of answers, but follows a clock that was set', () => {
    const clock = new LoggerClock(0);
    clock.boot(NOON);
    clock.learn(NOON, NOON, 120);
    const told = clock.time(NOON).offsetS;
    clock.learn(NOON + 10.9 * S, NOON + 10 * S, 120);
    clock.learn(NOON + 20.1 * S, NOON + 21 * S, 120);
    expect(clock.time(NOON).offsetS).toBe(told);
    clock.learn(NOON + 30 * S, NOON + 35 * S, 120);
    expect(clock.time(NOON).offsetS).toBe(told + 5);
  });

  test('stands still at night and forgets the offset, not the count', () => {
    const clock = new LoggerClock(0);
    clock.boot(NOON);
    clock.learn(NOON, NOON, 120);
    clock.halt(NOON + 600 * S);
    clock.boot(NOON + 40_000 * S);
    expect(clock.time(NOON + 40_005 * S)).toEqual({ workingS: 605, powerOnS: 5, offsetS: 0 });
  });
});
