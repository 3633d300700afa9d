import { afterEach, describe, expect, it } from 'vitest';
import type { CollectorLimits } from '../../src/collector/limits.ts';
import { CollectorServer } from '../../src/collector/server.ts';
import { ConfigError, Unavailable } from '../../src/domain/errors.ts';
import { decodeAcknowledgement } from '../../src/protocols/solarman/acknowledgement.ts';
import { solarman } from '../../src/protocols/solarman/index.ts';
import { collectorRig, knowing, NOW, quiet, type Rig, serverFrames, until } from '../support/collector-rig.ts';
import { TestLogger } from '../support/solarman-logger.ts';

let rig: Rig;

async function start(limits: Partial<CollectorLimits> = {}, proxyProtocol = false): Promise<Rig> {
  rig = await collectorRig(limits, proxyProtocol);
  return rig;
}

afterEach(() => rig.stop());

describe('a connection', () => {
  it('is answered frame by frame, with the time and the offset of the site', async () => {
    const { sink, connect, server } = await start();
    const device = connect();
    const logger = knowing();
    device.send(logger.handshake(NOW), logger.data(NOW), logger.wifi(NOW), logger.report(NOW), logger.heartbeat());
    const answers = await device.answered(5);
    expect(answers.map((frame) => frame.code)).toEqual([0x11, 0x12, 0x13, 0x18, 0x17]);
    expect(answers.map((frame) => frame.sequence)).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [1, 4],
      [1, 5],
    ]);
    expect(answers.map((frame) => decodeAcknowledgement(frame))).toEqual(
      [2, 1, 1, 1, 0].map((frameType) => ({ frameType, accepted: true, serverTime: NOW, utcOffsetMin: 120 })),
    );
    expect(sink.messages.map((message) => message.type)).toEqual(['handshake', 'data', 'wifi', 'report', 'heartbeat']);
    expect(sink.messages[1]?.readings[0]).toMatchObject({ serial: '4100000001', powerW: 598 });
    expect(new Set(sink.peers.map((peer) => JSON.stringify(peer))).size).toBe(1);
    expect(sink.peers[0]).toEqual({ address: '127.0.0.1', connectionId: 1 });
    expect(server.counters).toMatchObject({
      open: 1,
      accepted: 1,
      acknowledgements: 5,
      frames: { '0x41': 1, '0x42': 1, '0x43': 1, '0x47': 1, '0x48': 1 },
    });
  });

  it('is understood however the bytes are cut', async () => {
    const { sink, connect } = await start();
    const logger = knowing();
    const device = connect();
    const text = Buffer.from('AT+YZCMPVER=MW3_16U_5406_9.99-D1\r\n\r\n');
    const stream = Buffer.concat([logger.handshake(NOW), text, logger.data(NOW), logger.heartbeat()]);
    await device.sendApart([...stream].map((byte) => Buffer.from([byte])));
    await device.answered(3);
    expect(device.codes).toEqual([0x11, 0x12, 0x17]);
    expect(sink.messages[1]?.facts?.firmware).toBe('MW3_16U_5406_9.99-D1');
    const halves = [logger.data(NOW), logger.heartbeat(), logger.data(NOW)];
    const [first = Buffer.alloc(0), second = Buffer.alloc(0), third = Buffer.alloc(0)] = halves;
    await device.sendApart([
      first.subarray(0, 100),
      Buffer.concat([first.subarray(100), second, third.subarray(0, 5)]),
      third.subarray(5),
    ]);
    await device.answered(6);
    expect(device.codes.slice(3)).toEqual([0x12, 0x17, 0x12]);
  });

  it('gets no answer to data before the sink has settled', async () => {
    const { sink, connect } = await start();
    sink.holds = true;
    const device = connect();
    device.send(knowing().data(NOW));
    await until('the sink has it', () => sink.held.length === 1);
    await quiet();
    expect(device.bytes).toEqual([]);
    sink.settleOne();
    await device.answered(1);
    expect(device.codes).toEqual([0x12]);
  });

  it('gets its answers in the order of the frames, whatever settles first', async () => {
    const { sink, connect } = await start();
    sink.holds = true;
    const device = connect();
    const logger = knowing();
    device.send(logger.data(NOW), logger.heartbeat(), logger.report(NOW));
    await until('the sink has all three at once', () => sink.held.length === 3);
    sink.held[2]?.settle();
    sink.held[1]?.settle();
    await quiet();
    expect(device.bytes).toEqual([]);
    sink.held[0]?.settle(60);
    await device.answered(3);
    expect(device.codes).toEqual([0x12, 0x17, 0x18]);
    expect(device.answers.map((frame) => decodeAcknowledgement(frame)?.utcOffsetMin)).toEqual([60, 120, 120]);
  });

  it('that is sent again while its first copy is being stored goes to the sink once, and is answered as often as it came', async () => {
    const { connect, sink, server } = await start();
    sink.holds = true;
    const device = connect();
    const logger = knowing();
    const frame = logger.data(NOW);
    device.send(frame, frame);
    await until('the sink has the frame', () => server.counters.retransmissions === 1);
    device.send(frame, logger.data(new Date(NOW.getTime() + 1000)));
    await until('the sink has the next frame', () => sink.held.length === 2);
    expect(sink.messages.map(({ repeated }) => repeated)).toEqual([false, false]);
    sink.settleOne();
    await device.answered(3);
    await quiet();
    expect(device.answers.length).toBe(3);
    sink.settleOne();
    await device.answered(4);
    device.send(frame);
    await until('what comes after it is stored anew', () => sink.held.length === 1);
  });

  it('of a logger that does not count is stored, though another with its number is under way', async () => {
    const { connect, sink } = await start();
    const device = connect();
    const [one, other] = [knowing().data(NOW), knowing().data(new Date(NOW.getTime() + 1000))];
    sink.failure = () => Promise.reject(new Unavailable('down'));
    device.send(one);
    await until('the first is refused', () => sink.messages.length === 1);
    sink.failure = null;
    sink.holds = true;
    device.send(other, one);
    await until('both are stored', () => sink.held.length === 2);
  });

  it('gets no answer when storage is down, and one when it sends the same again', async () => {
    const { sink, connect, server, log } = await start();
    sink.failure = () => Promise.reject(new Unavailable('the database does not answer'));
    const device = connect();
    const frame = knowing().data(NOW);
    device.send(frame);
    await until('the sink has rejected it', () => server.counters.unstored === 1);
    sink.failure = null;
    device.send(frame);
    await device.answered(1);
    expect(device.codes).toEqual([0x12]);
    expect(sink.messages.map((message) => [message.repeated, message.readings.length])).toEqual([
      [false, 1],
      [true, 1],
    ]);
    expect(server.counters).toMatchObject({ unstored: 1, retransmissions: 1, acknowledgements: 1 });
    expect(log.of('error').length).toBe(1);
  });

  it.each<[string, () => Promise<{ utcOffsetMin: number }>]>([
    ['rejects', () => Promise.reject(new Unavailable('down'))],
    [
      'throws',
      () => {
        throw new Error('a bug in the sink');
      },
    ],
  ])('is closed when the sink %s time and again, with one line in the log', async (_what, failure) => {
    const { sink, connect, server, log } = await start({ maxUnstored: 3 });
    sink.failure = failure;
    const device = connect();
    const logger = knowing();
    for (let i = 1; i <= 3; i++) {
      device.send(logger.data(NOW));
      await until('it is rejected', () => server.counters.unstored === i);
    }
    await device.isClosed();
    expect(device.bytes).toEqual([]);
    expect(await rig.endings(1)).toEqual({ unstored: 1 });
    expect(log.of('error').length).toBe(1);
  });

  it('is kept as long as the sink takes a message now and then', async () => {
    const { sink, connect, server } = await start({ maxUnstored: 3 });
    const device = connect();
    const logger = knowing();
    for (let round = 1; round <= 3; round++) {
      sink.failure = () => Promise.reject(new Unavailable('down'));
      device.send(logger.data(NOW), logger.data(NOW));
      await until('both are rejected', () => server.counters.unstored === 2 * round);
      sink.failure = null;
      device.send(logger.data(NOW));
      await device.answered(round);
    }
    expect(server.counters.ended).toEqual({});
  });

  it('is ended by our own mistake without harm to the others', async () => {
    const { sink, connect, log } = await start();
    const other = connect();
    other.send(knowing(2).heartbeat());
    await other.answered(1);
    sink.utcOffsetMin = Number.NaN;
    const device = connect();
    device.send(knowing(1).heartbeat());
    await device.isClosed();
    expect(await rig.endings(1)).toEqual({ fault: 1 });
    expect(log.of('error').length).toBe(1);
    sink.utcOffsetMin = 0;
    other.send(knowing(2).heartbeat());
    await other.answered(2);
  });

  it('that says everything and sends FIN still gets its answers', async () => {
    const { sink, connect } = await start();
    sink.holds = true;
    const device = connect();
    device.socket.end(Buffer.concat([knowing().data(NOW)]));
    await until('the sink has it', () => sink.held.length === 1);
    await quiet();
    sink.settleOne();
    await device.answered(1);
    await device.isClosed();
    expect(await rig.endings(1)).toEqual({ ended: 1 });
  });

  it('leaves a sample without a date to whoever keeps it when it breaks', async () => {
    const { sink, connect, empty } = await start();
    const device = connect();
    const logger = new TestLogger();
    device.send(logger.handshake(NOW), logger.stored(NOW));
    await device.answered(2);
    expect(sink.messages[1]).toMatchObject({ readings: [], raw: { reason: 'undated', reckonedAt: NOW } });
    device.socket.resetAndDestroy();
    await empty();
    await quiet();
    expect(sink.messages.length).toBe(2);
  });
});

describe('stopping', () => {
  it('lets what was understood be stored and answered, then closes', async () => {
    const { sink, connect, server } = await start();
    sink.holds = true;
    const device = connect();
    device.send(knowing().data(NOW));
    await until('the sink has it', () => sink.held.length === 1);
    const stopped = server.stop();
    await quiet();
    expect(device.ended).toBe(false);
    sink.settleOne();
    await stopped;
    await device.isClosed();
    expect(device.codes).toEqual([0x12]);
    const late = connect();
    await late.isClosed();
    expect(server.counters).toMatchObject({ open: 0, accepted: 1, ended: { stopped: 1 } });
  });

  it('does not wait for ever for a sink that never settles', async () => {
    const { sink, connect, server, log } = await start({ drainMs: 50 });
    sink.holds = true;
    const device = connect();
    device.send(knowing().data(NOW));
    await until('the sink has it', () => sink.held.length === 1);
    const began = performance.now();
    await server.stop();
    expect(performance.now() - began).toBeLessThan(3000);
    await device.isClosed();
    expect(device.bytes).toEqual([]);
    expect(log.of('warn')).toEqual(['stopped with messages unsettled']);
  });

  it('waits for what a connection that is already gone had brought', async () => {
    const { sink, connect, server, empty } = await start();
    sink.holds = true;
    const device = connect();
    device.send(knowing().data(NOW));
    await until('the sink has it', () => sink.held.length === 1);
    device.socket.resetAndDestroy();
    await empty();
    let isStopped = false;
    const stopped = server.stop().then(() => {
      isStopped = true;
    });
    await quiet();
    expect(isStopped).toBe(false);
    sink.settleOne();
    await stopped;
  });

  it('names the setting when the port is taken', async () => {
    const { port, sink, log } = await start();
    const second = new CollectorServer({ protocol: solarman, sink, log });
    await expect(second.listen(port, '127.0.0.1')).rejects.toThrow(ConfigError);
    await expect(second.listen(port, '127.0.0.1')).rejects.toThrow(/COLLECTOR_PORT/);
  });
});

describe('a storm', () => {
  it('of 200 loggers at once, among them liars and garbage, is answered in full', async () => {
    const { sink, connect, server, empty } = await start({ maxPerAddress: 300 });
    const good = Array.from({ length: 200 }, (_, i) => ({ device: connect(), logger: knowing(1000 + i) }));
    const bad = Array.from({ length: 50 }, () => connect());
    for (const [i, device] of bad.entries()) {
      if (i % 3 === 0) device.send(Buffer.alloc(20_000, 0xa5));
      else if (i % 3 === 1) device.send(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      else device.send(serverFrames());
    }
    await Promise.all(
      good.map(async ({ device, logger }) => {
        const stream = Buffer.concat([logger.handshake(NOW), logger.stored(NOW), logger.data(NOW), logger.heartbeat()]);
        const at = (logger.serial * 37) % stream.length;
        await device.sendApart([stream.subarray(0, at), stream.subarray(at)]);
        await device.answered(4);
      }),
    );
    for (const { device } of good) expect(device.codes).toEqual([0x11, 0x12, 0x12, 0x17]);
    expect(sink.messages.flatMap((message) => message.readings).length).toBe(400);
    await until('all have been let in', () => server.counters.accepted === 250);
    expect(server.counters.acknowledgements).toBe(800);
    for (const { device } of good) device.socket.end();
    for (const device of bad) device.socket.destroy();
    await empty();
  });
});
