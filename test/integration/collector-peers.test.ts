import { afterEach, describe, expect, it } from 'vitest';
import type { CollectorLimits } from '../../src/collector/limits.ts';
import { collectorRig, knowing, quiet, type Rig, until } from '../support/collector-rig.ts';

let rig: Rig;

async function start(limits: Partial<CollectorLimits> = {}, proxyProtocol = false): Promise<Rig> {
  rig = await collectorRig(limits, proxyProtocol);
  return rig;
}

afterEach(() => rig.stop());

describe('two connections of one serial', () => {
  it('the newer replaces the older once it has sent a good frame', async () => {
    const { connect, server } = await start();
    const old = connect();
    old.send(knowing().heartbeat());
    await old.answered(1);
    const fresh = connect();
    fresh.send(Buffer.from('not a frame'));
    await quiet();
    expect(old.closed).toBe(false);
    fresh.send(knowing().heartbeat());
    await fresh.answered(1);
    await old.isClosed();
    expect(await rig.endings(1)).toEqual({ replaced: 1 });
    expect(server.counters.open).toBe(1);
    fresh.send(knowing().heartbeat());
    await fresh.answered(2);
  });

  it('both live when the device insists on two', async () => {
    const { connect, server } = await start();
    const devices = [];
    for (let i = 0; i < 5; i++) {
      const device = connect();
      device.send(knowing().heartbeat());
      await device.answered(1);
      devices.push(device);
    }
    for (const device of devices.slice(0, 3)) await device.isClosed();
    expect(await rig.endings(3)).toEqual({ replaced: 3 });
    expect(server.counters.open).toBe(2);
  });

  it('a device that comes back replaces nobody', async () => {
    const { connect, log, empty } = await start();
    for (let i = 0; i < 2; i++) {
      const device = connect();
      device.send(knowing().heartbeat());
      await device.answered(1);
      device.socket.end();
      await empty();
    }
    expect(log.of('info')).toEqual(['collector listens']);
  });

  it('a device can be sent away by its serial', async () => {
    const { connect, server } = await start();
    const [one, other] = [connect(), connect()];
    one.send(knowing(1).heartbeat());
    other.send(knowing(2).heartbeat());
    await one.answered(1);
    await other.answered(1);
    server.disconnect('1');
    server.disconnect('unknown');
    await one.isClosed();
    expect(other.closed).toBe(false);
  });
});

describe('behind a proxy', () => {
  const header = (last: number) =>
    Buffer.from(`0d0a0d0a000d0a515549540a2111000cc00002${last.toString(16).padStart(2, '0')}c6336401d4312710`, 'hex');

  it('the address is the one the proxy tells, and its limit counts', async () => {
    const { sink, connect, server } = await start({ maxPerAddress: 1 }, true);
    const [device, neighbour] = [connect(), connect()];
    await until('both are let in, though both come from the proxy', () => server.counters.open === 2);
    await device.sendApart([header(7).subarray(0, 9), header(7).subarray(9, 20)]);
    await device.sendApart([Buffer.concat([header(7).subarray(20), knowing().heartbeat()])]);
    await device.answered(1);
    expect(sink.peers[0]?.address).toBe('192.0.2.7');
    neighbour.send(header(8), knowing(2).heartbeat());
    await neighbour.answered(1);
    const second = connect();
    second.send(header(7), knowing(3).heartbeat());
    await second.isClosed();
    expect(second.bytes).toEqual([]);
    expect(server.counters.refused.address).toBe(1);
  });

  it('whoever comes without a header is turned away', async () => {
    const { connect, sink } = await start({}, true);
    const device = connect();
    device.send(knowing().heartbeat());
    await device.isClosed();
    expect(await rig.endings(1)).toEqual({ proxy_header: 1 });
    expect(sink.messages).toEqual([]);
  });
});
