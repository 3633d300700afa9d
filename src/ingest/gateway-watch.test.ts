import { describe, expect, it } from 'vitest';
import { GatewayWatch } from './gateway-watch.ts';

const MINUTE = 60_000;

describe('the watch for two gateways', () => {
  it('names the other when two speak in turn', () => {
    const watch = new GatewayWatch();
    const heard = ['a', 'a', 'b', 'a', 'b', 'b'].map((gateway, i) => watch.rivalOf(1, gateway, i * MINUTE));
    expect(heard).toEqual([null, null, null, 'b', 'a', null]);
  });

  it('says nothing of a move, nor of one that comes back after more than an hour', () => {
    const watch = new GatewayWatch();
    expect(['a', 'b', 'b', 'c'].map((gateway, i) => watch.rivalOf(1, gateway, i * MINUTE))).toEqual([
      null,
      null,
      null,
      null,
    ]);
    const later = new GatewayWatch();
    expect([watch.rivalOf(2, 'a', 0), later.rivalOf(2, 'b', 0), watch.rivalOf(2, 'b', MINUTE)]).toEqual([
      null,
      null,
      null,
    ]);
    expect(watch.rivalOf(2, 'a', 62 * MINUTE)).toBeNull();
  });

  it('knows inverters apart, and passes over what names no gateway', () => {
    const watch = new GatewayWatch();
    watch.rivalOf(1, 'a', 0);
    watch.rivalOf(2, 'b', 0);
    expect(watch.rivalOf(1, 'b', MINUTE)).toBeNull();
    expect(watch.rivalOf(1, null, MINUTE)).toBeNull();
    expect(watch.rivalOf(1, 'a', 2 * MINUTE)).toBe('b');
  });
});
