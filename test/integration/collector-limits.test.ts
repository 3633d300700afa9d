import { afterEach, describe, expect, it } from 'vitest';
import type { CollectorLimits } from '../../src/collector/limits.ts';
import { collectorRig, knowing, NOW, quiet, type Rig, serverFrames, until } from '../support/collector-rig.ts';

let rig: Rig;

async function start(limits: Partial<CollectorLimits> = {}, proxyProtocol = false): Promise<Rig> {
  rig = await collectorRig(limits, proxyProtocol);
  return rig;
}

afterEach(() => rig.stop());

describe('back-pressure', () => {
  it('keeps no more than the limit in the sink, reads on afterwards, and loses nothing', async () => {
    const { sink, connect, server } = await start({ maxUnsettled: 4, frameBurst: 10_000 });
    sink.holds = true;
    const device = connect();
    const logger = knowing();
    device.send(...Array.from({ length: 300 }, () => logger.heartbeat()));
    await until('the sink is full', () => sink.busy === 4);
    await quiet();
    expect(sink.busy).toBe(4);
    while (device.answers.length < 300) {
      sink.settleOne();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sink.mostBusy).toBe(4);
    expect(server.counters.pauses).toBeGreaterThan(0);
    expect(device.answers.map((frame) => frame.sequence[1])).toEqual(
      Array.from({ length: 300 }, (_, i) => (i + 1) & 0xff),
    );
  });

  it('does not take a frame that waits here for one that is late', async () => {
    const { sink, connect, server } = await start({ maxUnsettled: 1, partialMs: 30 });
    sink.holds = true;
    const device = connect();
    const logger = knowing();
    device.send(logger.heartbeat(), logger.data(NOW), logger.data(NOW));
    await until('the sink is full', () => sink.held.length === 1);
    await quiet(120);
    for (let i = 1; i <= 3; i++) {
      await until('the sink has the next', () => sink.held.length === 1);
      await quiet(60);
      sink.settleOne();
      await device.answered(i);
    }
    expect(device.codes).toEqual([0x17, 0x12, 0x12]);
    expect(server.counters).toMatchObject({ partialExpiries: 0, garbageBytes: 0 });
  });

  it('does not count the time a begun frame spends throttled', async () => {
    const { connect, server } = await start({ partialMs: 1000, frameBurst: 1, framesPerMinute: 60 * 2.5 });
    const device = connect();
    const logger = knowing();
    const data = logger.data(NOW);
    device.send(logger.heartbeat(), logger.heartbeat(), logger.heartbeat(), logger.heartbeat(), data.subarray(0, 100));
    await device.answered(4);
    device.send(data.subarray(100));
    await device.answered(5);
    expect(server.counters).toMatchObject({ partialExpiries: 0, garbageBytes: 0 });
  });

  it('gives the rest of a frame its full time after a pause', async () => {
    const { sink, connect, server } = await start({ maxUnsettled: 1, partialMs: 1000 });
    sink.holds = true;
    const device = connect();
    const logger = knowing();
    const data = logger.data(NOW);
    device.send(logger.heartbeat(), data.subarray(0, 100));
    await until('the sink is full', () => sink.held.length === 1);
    await quiet(1300);
    sink.settleOne();
    await device.answered(1);
    await quiet(30);
    device.send(data.subarray(100));
    await until('the sink has the data', () => sink.held.length === 1);
    sink.settleOne();
    await device.answered(2);
    expect(server.counters).toMatchObject({ partialExpiries: 0, garbageBytes: 0 });
  });

  it('slows down a flood of frames without losing one', async () => {
    const { connect, server } = await start({ frameBurst: 10, framesPerMinute: 60 * 50 });
    const device = connect();
    const logger = knowing();
    const began = performance.now();
    device.send(...Array.from({ length: 30 }, () => logger.heartbeat()));
    await device.answered(10);
    expect(device.answers.length).toBeLessThan(30);
    await device.answered(30);
    expect(performance.now() - began).toBeGreaterThan(350);
    expect(server.counters.pauses).toBeGreaterThan(0);
  });

  it('slows down a serial, however often it dials again, and no other', async () => {
    const { connect, server } = await start({ frameBurst: 5, framesPerMinute: 0.001 });
    const logger = knowing();
    for (let dialled = 0; dialled < 5; dialled++) {
      const device = connect();
      device.send(logger.heartbeat());
      await device.answered(1);
      device.socket.end();
      await device.isClosed();
    }
    const [greedy, other] = [connect(), connect()];
    greedy.send(logger.heartbeat());
    other.send(knowing(7).heartbeat());
    await other.answered(1);
    await until('the sixth frame waits', () => server.counters.throttled > 0);
    await quiet();
    expect(greedy.answers).toEqual([]);
  });

  it('gives up a peer that does not read its answers', async () => {
    const { connect } = await start({ maxUnsentBytes: -1 });
    const device = connect();
    device.send(knowing().heartbeat());
    await device.isClosed();
    expect(await rig.endings(1)).toEqual({ slow_reader: 1 });
  });
});

describe('timers', () => {
  it('close a connection that never sends a good frame, though it keeps sending', async () => {
    const { connect } = await start({ firstFrameMs: 100 });
    const silent = connect();
    const talking = connect();
    const chatter = setInterval(() => talking.send(Buffer.from('hello ')), 10);
    await silent.isClosed();
    await talking.isClosed();
    clearInterval(chatter);
    expect(await rig.endings(2)).toEqual({ no_first_frame: 2 });
    expect([...silent.bytes, ...talking.bytes], 'nothing is ever said to a stranger').toEqual([]);
  });

  it('close a connection that falls silent, and only that', async () => {
    const { connect } = await start({ idleMs: 1000, firstFrameMs: 900 });
    const [silent, living] = [connect(), connect()];
    const [a, b] = [knowing(1), knowing(2)];
    silent.send(a.heartbeat());
    living.send(b.heartbeat());
    const beat = setInterval(() => living.send(b.heartbeat()), 50);
    await silent.isClosed().finally(() => clearInterval(beat));
    expect(living.closed).toBe(false);
    expect(await rig.endings(1)).toEqual({ idle: 1 });
  });

  it('give up a false start and find the frame it had swallowed', async () => {
    const { connect, server } = await start({ partialMs: 60 });
    const device = connect();
    device.send(Buffer.from('a5e80310', 'hex'), knowing().heartbeat());
    await quiet(20);
    expect(device.answers).toEqual([]);
    await device.answered(1);
    expect(server.counters).toMatchObject({ partialExpiries: 1, garbageBytes: 4, ended: {} });
  });

  it('do not fire for a frame that was finished in time', async () => {
    const { connect, server } = await start({ partialMs: 500 });
    const device = connect();
    const frame = knowing().data(NOW);
    device.send(frame.subarray(0, 50));
    await quiet(20);
    device.send(frame.subarray(50));
    await device.answered(1);
    await quiet(700);
    expect(server.counters.partialExpiries).toBe(0);
  });

  it('are not put off by a byte now and then', async () => {
    const { connect, server } = await start({ partialMs: 60 });
    const device = connect();
    device.send(Buffer.from('a5001010', 'hex'));
    const slowly = setInterval(() => device.send(Buffer.from([0x10])), 10);
    await until('the frame is given up', () => server.counters.partialExpiries === 1).finally(() =>
      clearInterval(slowly),
    );
    expect(server.counters.garbageBytes).toBeLessThan(30);
  });

  it('close a connection whose frames are never finished', async () => {
    const { connect, server } = await start({ partialMs: 30 });
    const device = connect();
    device.send(Buffer.from('a5001010a5001010a5001010a5001010', 'hex'));
    await device.isClosed();
    expect(await rig.endings(1)).toEqual({ stalled: 1 });
    expect(server.counters.partialExpiries).toBe(3);
  });
});

describe('limits', () => {
  it.each<[string, Partial<CollectorLimits>, string]>([
    ['of one address', { maxPerAddress: 3 }, 'address'],
    ['of all together', { maxConnections: 3 }, 'total'],
    ['in a short time', { acceptBurst: 3, acceptsPerSecond: 0.001 }, 'rate'],
  ])('refuse more than three connections %s, and leave those be', async (_what, limits, reason) => {
    const { connect, server, log } = await start(limits);
    const devices = Array.from({ length: 3 }, () => connect());
    for (const [i, device] of devices.entries()) device.send(knowing(i + 1).heartbeat());
    for (const device of devices) await device.answered(1);
    const more = [connect(), connect()];
    for (const device of more) await device.isClosed();
    expect(server.counters.refused).toEqual({ rate: 0, total: 0, address: 0, [reason]: 2 });
    expect(log.of('warn').length, 'one line a minute').toBe(1);
    for (const [i, device] of devices.entries()) device.send(knowing(i + 1).heartbeat());
    for (const device of devices) await device.answered(2);
  });

  it('let the next one in when one is gone', async () => {
    const { connect, server, empty } = await start({ maxPerAddress: 1 });
    const first = connect();
    first.send(knowing().heartbeat());
    await first.answered(1);
    first.socket.end();
    await empty();
    const next = connect();
    next.send(knowing().heartbeat());
    await next.answered(1);
    expect(server.counters.refused.address).toBe(0);
  });

  it('close on garbage, after answering the good frames before it', async () => {
    const { connect, server } = await start({ maxGarbageBytes: 1000 });
    const device = connect();
    device.send(knowing().data(NOW), Buffer.alloc(1001, 0x2e));
    await device.isClosed();
    expect(device.codes).toEqual([0x12]);
    expect(await rig.endings(1)).toEqual({ garbage: 1 });
    expect(server.counters.garbageBytes).toBe(1001);
  });

  it.each([
    ['a TLS hello', Buffer.from('16030100c8010000c40303', 'hex'), 'tls_hello', 'warn'],
    ['three answers only a server sends', serverFrames(), 'server_code', 'info'],
    [
      'two serials on one connection',
      Buffer.concat([knowing(1).heartbeat(), knowing(2).heartbeat()]),
      'serial_changed',
      'info',
    ],
  ])('close on %s', async (_what, bytes, reason, level) => {
    const { connect, server, log } = await start();
    const device = connect();
    device.send(bytes);
    await device.isClosed();
    expect(await rig.endings(1)).toEqual({ [reason]: 1 });
    expect(server.counters.tlsHellos).toBe(reason === 'tls_hello' ? 1 : 0);
    expect(device.codes).toEqual(reason === 'serial_changed' ? [0x17] : []);
    expect(log.lines.find((line) => 'reason' in line.fields && line.fields.reason === reason)?.level).toBe(level);
  });

  it('count a frame with a wrong checksum and do not answer it', async () => {
    const { connect, server } = await start();
    const device = connect();
    const bad = knowing().heartbeat();
    bad[12] = (bad[12] ?? 0) ^ 1;
    device.send(bad, knowing().heartbeat());
    await device.answered(1);
    await quiet(20);
    expect(device.codes).toEqual([0x17]);
    expect(server.counters).toMatchObject({ badFrames: 1, garbageBytes: 14 });
  });
});
