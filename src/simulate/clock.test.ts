import { describe, expect, test } from 'vitest';
import { Cadence } from './cadence.ts';
import { SimClock } from './clock.ts';
import { TimerWheel } from './timer-wheel.ts';

function clockAt(startMs: number, speed: number, wallMs: number): { clock: SimClock; wait(ms: number): void } {
  let wall = wallMs;
  const wait = (ms: number) => {
    wall += ms;
  };
  return { clock: new SimClock(startMs, speed, () => wall), wait };
}

describe('simulated time', () => {
  test('at speed 1 is the real time', () => {
    const { clock, wait } = clockAt(1_000_000, 1, 1_000_000);
    wait(5_000);
    expect([clock.now(), clock.lagMs(), clock.realMs(300)]).toEqual([1_005_000, 0, 300]);
  });

  test('runs faster from the past, meets the present and never overtakes it', () => {
    const { clock, wait } = clockAt(0, 60, 3_540_000);
    wait(30_000);
    expect([clock.now(), clock.lagMs(), clock.realMs(60_000)]).toEqual([1_800_000, 1_770_000, 1_000]);
    wait(30_000);
    expect([clock.now(), clock.lagMs()]).toEqual([3_600_000, 0]);
    wait(10_000);
    expect([clock.now(), clock.realMs(60_000)]).toEqual([3_610_000, 60_000]);
  });

  test('beats regularly in the phase of its device and does not make up for what was missed', () => {
    const wheel = new TimerWheel();
    const waits: number[] = [];
    const after = (ms: number) => {
      waits.push(ms);
      return () => undefined;
    };
    const { clock, wait } = clockAt(1_000_000, 1, 1_000_000);
    const cadence = new Cadence(clock, Object.assign(wheel, { after }), 10, 0.3);
    cadence.next(() => undefined);
    wait(3_000);
    cadence.next(() => undefined);
    wait(50_001);
    cadence.next(() => undefined);
    expect(waits).toEqual([3_000, 10_000, 9_999]);
  });
});
