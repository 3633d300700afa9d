import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TimerWheel } from './timer-wheel.ts';

describe('the timer wheel', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  test('runs each timer once, not before its time and at most two ticks after', () => {
    const wheel = new TimerWheel();
    const start = performance.now();
    const fired = new Map<number, number>();
    for (const ms of [0, 1, 19, 20, 21, 500, 5_000]) {
      wheel.after(ms, () => {
        expect(fired.has(ms)).toBe(false);
        fired.set(ms, performance.now() - start);
      });
    }
    vi.advanceTimersByTime(10_000);
    expect(fired.size).toBe(7);
    for (const [ms, at] of fired) {
      expect(at).toBeGreaterThanOrEqual(ms);
      expect(at).toBeLessThanOrEqual(ms + 40);
    }
    wheel.stop();
  });

  test('keeps the order of times, also for timers set by timers, and after a long sleep', () => {
    let asleepMs = 0;
    const clock = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => clock() + asleepMs);
    const wheel = new TimerWheel();
    const order: string[] = [];
    wheel.after(300, () => order.push('c'));
    wheel.after(100, () => {
      order.push('a');
      wheel.after(100, () => order.push('b'));
    });
    vi.advanceTimersByTime(280);
    expect(order).toEqual(['a', 'b']);
    wheel.after(10_000, () => order.push('e'));
    wheel.after(5_000, () => order.push('d'));
    // The machine slept: one turn for all of it
    asleepMs = 3_600_000;
    vi.advanceTimersByTime(20);
    expect(order).toEqual(['a', 'b', 'c', 'd', 'e']);
    wheel.stop();
  });

  test('forgets what was taken back, and everything when stopped', () => {
    const wheel = new TimerWheel();
    const run = vi.fn();
    const cancel = wheel.after(100, run);
    wheel.after(500, run);
    cancel();
    cancel();
    vi.advanceTimersByTime(200);
    wheel.stop();
    wheel.after(10, run);
    vi.advanceTimersByTime(2_000);
    expect(run).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('has one timer of the system for ten thousand of its own', () => {
    const wheel = new TimerWheel();
    let fired = 0;
    const run = () => {
      fired += 1;
    };
    for (let i = 0; i < 10_000; i++) wheel.after(i % 3_000, run);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(3_100);
    expect(fired).toBe(10_000);
    wheel.stop();
  });
});
