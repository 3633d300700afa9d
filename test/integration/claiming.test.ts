import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Conflict, NotFound, TooMany } from '../../src/domain/errors.ts';
import type { SessionUser } from '../../src/services/services.ts';
import { addActiveInverter } from '../../src/store/owner-accounts.ts';
import { type ClaimingRig, claimingRig } from '../support/claiming-rig.ts';
import { type Device, until } from '../support/collector-rig.ts';
import { TestLogger } from '../support/solarman-logger.ts';

/** Whose a logger is, through the real collector and the real database. */
const NOON = new Date('2026-06-21T12:00:00Z');
const HOME = '203.0.113.7';
const ELSEWHERE = '198.51.100.9';

let rig: ClaimingRig;
let alice: SessionUser;
let bob: SessionUser;
let nextSerial = 4_200_000_001;

beforeAll(async () => {
  rig = await claimingRig(NOON);
  alice = await rig.member('alice');
  bob = await rig.member('bob');
});
beforeEach(() => {
  rig.now = NOON;
});
afterAll(() => rig?.stop());

const later = (minutes: number): Date => new Date(NOON.getTime() + minutes * 60_000);

/** A logger that was switched on so many seconds before now. */
function logger(uptimeS = 7_200, serial = nextSerial++): TestLogger {
  const made = new TestLogger(serial, new Date(rig.now.getTime() - uptimeS * 1000));
  made.learnTime(rig.now);
  return made;
}

/** One connection that says this and waits for its answers. */
async function say(address: string, ...frames: Buffer[]): Promise<void> {
  const device = rig.connect(address);
  device.send(...frames);
  await device.answered(frames.length);
  device.socket.end();
  await device.isClosed();
}

async function visit(user: SessionUser, address: string): Promise<void> {
  rig.visits.note({ userId: user.id, address, isChange: true }, rig.now);
  await rig.visits.settled();
}

const samplesOf = (inverterId: number): Promise<number> =>
  rig.db.owner(async (client) => {
    const text = 'SELECT count(*)::int AS n FROM store.ac_sample WHERE inverter_id = $1';
    return (await client.query<{ n: number }>(text, [inverterId])).rows[0]?.n ?? -1;
  });

describe('a logger that nobody has proven', () => {
  it('is answered, and nothing is stored of it but that it was here', async () => {
    const one = logger();
    const id = await rig.add(alice, one.serial);
    await say(ELSEWHERE, one.handshake(NOON), one.data(NOON), one.wifi(NOON), one.heartbeat());
    expect(await rig.isWaiting(id)).toBe(true);
    expect(await samplesOf(id)).toBe(0);
    await rig.ingest.notes.settled();
    const found = await rig.db.owner(async (client) => ({
      unclaimed: (await client.query('SELECT * FROM store.unclaimed_logger WHERE serial = $1', [String(one.serial)]))
        .rows,
      gateways: (await client.query('SELECT FROM api.gateway WHERE serial = $1', [String(one.serial)])).rowCount,
      raw: (await client.query('SELECT FROM store.raw_frame WHERE inverter_id = $1', [id])).rowCount,
    }));
    const seen = { first_seen_at: NOON, last_seen_at: NOON, last_address: ELSEWHERE, returned_at: null };
    expect(found).toEqual({ unclaimed: [{ serial: String(one.serial), ...seen }], gateways: 0, raw: 0 });
    const { claim } = await rig.loggers.details(alice.id, id, NOON);
    expect(claim).toEqual({
      restartUntil: null,
      isReleased: false,
      isTaken: false,
      hasRivals: false,
      lastSeenAt: NOON,
    });
  });

  it('belongs to whose who restarts it, from that very handshake on', async () => {
    const serial = logger().serial;
    const id = await rig.add(alice, serial);
    expect((await rig.loggers.askRestart(alice.id, id, NOON)).claim?.restartUntil).toEqual(later(15));
    rig.now = later(4);
    const restarted = logger(58, serial);
    await say(ELSEWHERE, restarted.handshake(rig.now), restarted.data(rig.now));
    expect(await rig.isWaiting(id)).toBe(false);
    expect(await samplesOf(id)).toBe(1);
    const details = () => rig.loggers.details(alice.id, id, rig.now);
    expect((await details()).claim).toBeNull();
    // What a gateway tells of itself is noted beside the readings.
    await expect
      .poll(async () => (await details()).gateway)
      .toMatchObject({
        firmware: 'MW3_16U_5406_1.57',
        signalPct: 71,
        handshakeAt: rig.now,
        lastAddress: ELSEWHERE,
      });
    const { rows } = await rig.db.owner((client) =>
      client.query(`SELECT action, detail FROM api.audit_log WHERE user_id = $1 AND action = 'logger.claimed'`, [
        alice.id,
      ]),
    );
    expect(rows).toEqual([
      { action: 'logger.claimed', detail: { inverter_id: id, serial: String(serial), proof: 'power_cycle' } },
    ]);
  });

  it('does not belong to whose who awaited its morning, but who restarts it then', async () => {
    const serial = logger().serial;
    const id = await rig.add(alice, serial);
    await say(ELSEWHERE, logger(3_600, serial).heartbeat());
    await rig.ingest.notes.settled();
    const restart = async (hours: number, minutes: number) => {
      rig.now = later(hours * 60 + minutes);
      await say(ELSEWHERE, logger(58, serial).handshake(rig.now));
      await rig.ingest.notes.settled();
      return rig.isWaiting(id);
    };
    await rig.loggers.askRestart(alice.id, id, later(14 * 60));
    expect(await restart(14, 1)).toBe(true);
    expect((await rig.loggers.details(alice.id, id, rig.now)).claim).toMatchObject({ restartUntil: null });
    // Clouds: the second power-on of the same announcement is the sun's again.
    expect(await restart(14, 8)).toBe(true);
    await rig.loggers.askRestart(alice.id, id, later(14 * 60 + 20));
    expect(await restart(14, 22)).toBe(false);
  });

  it.each<[string, number, number]>([
    ['too late', 16, 58],
    ['without having been off', 4, 7_200],
  ])('does not belong to whose whose announced restart shows %s', async (_, minutes, uptimeS) => {
    const serial = logger().serial;
    const id = await rig.add(alice, serial);
    await rig.loggers.askRestart(alice.id, id, NOON);
    rig.now = later(minutes);
    await say(ELSEWHERE, logger(uptimeS, serial).handshake(rig.now));
    expect(await rig.isWaiting(id)).toBe(true);
  });

  it('belongs to whose who uses the server from where it is, whichever came first', async () => {
    const [before, after] = [logger(), logger()];
    const first = await rig.add(alice, before.serial);
    await visit(alice, HOME);
    await say(HOME, before.heartbeat());
    expect(await rig.isWaiting(first)).toBe(false);

    const second = await rig.add(bob, after.serial);
    await say(HOME, after.heartbeat());
    expect(await rig.isWaiting(second)).toBe(true);
    await visit(bob, HOME);
    await say(HOME, after.heartbeat());
    expect(await rig.isWaiting(second)).toBe(false);
  });

  it.each(['192.168.178.20', '10.0.0.5', '100.64.12.1', '127.0.0.1', '203.0.113.250'])(
    'does not belong to whose who shares the address %s with it',
    async (address) => {
      const one = logger();
      const id = await rig.add(alice, one.serial);
      await visit(alice, address);
      await say(address, one.handshake(NOON));
      expect(await rig.isWaiting(id)).toBe(true);
    },
  );

  it('does not belong to whose who was there an hour and more ago', async () => {
    const one = logger();
    const id = await rig.add(alice, one.serial);
    await visit(alice, '203.0.113.77');
    rig.now = later(61);
    await say('203.0.113.77', one.heartbeat());
    expect(await rig.isWaiting(id)).toBe(true);
  });

  it('is the administrator’s to give, by the command line, though others wait for it', async () => {
    const one = logger();
    const [waiting, of] = [await rig.add(alice, one.serial), { serial: String(one.serial), kind: 'solarman' as const }];
    await rig.add(bob, one.serial);
    const more = { ...of, name: 'Given', ratedPowerW: null, timeZone: null };
    expect(await rig.db.owner((client) => addActiveInverter(client, alice.id, more))).toBe(waiting);
    expect(await rig.isWaiting(waiting)).toBe(false);
  });
});

describe('a logger that two wait for', () => {
  it('belongs to the first who proves it; the other is told, and gets it when it is given up', async () => {
    const serial = logger().serial;
    const [hers, his] = [await rig.add(alice, serial), await rig.add(bob, serial)];
    expect((await rig.loggers.details(bob.id, his, NOON)).claim).toMatchObject({ hasRivals: true, isTaken: false });
    await rig.loggers.askRestart(bob.id, his, NOON);
    await say(ELSEWHERE, logger(30, serial).handshake(NOON));
    expect([await rig.isWaiting(hers), await rig.isWaiting(his)]).toEqual([true, false]);
    expect((await rig.loggers.details(alice.id, hers, NOON)).claim).toMatchObject({ isTaken: true, lastSeenAt: null });

    // What she does now changes nothing.
    await rig.loggers.askRestart(alice.id, hers, NOON);
    await say(ELSEWHERE, logger(30, serial).handshake(NOON));
    expect(await rig.isWaiting(hers)).toBe(true);

    await rig.inverters.remove(bob.id, his, NOON);
    rig.ingest.resolver.invalidate();
    await say(ELSEWHERE, logger(30, serial).handshake(NOON));
    expect(await rig.isWaiting(hers)).toBe(false);
  });

  it('is nobody’s where both say that they restart it', async () => {
    const serial = logger().serial;
    const [hers, his] = [await rig.add(alice, serial), await rig.add(bob, serial)];
    for (const [user, id] of [[alice, hers] as const, [bob, his] as const])
      await rig.loggers.askRestart(user.id, id, NOON);
    await say(ELSEWHERE, logger(30, serial).handshake(NOON));
    expect([await rig.isWaiting(hers), await rig.isWaiting(his)]).toEqual([true, true]);
  });

  it('cannot be added as active by whoever is no administrator', async () => {
    const one = logger();
    const id = await rig.add(alice, one.serial);
    await expect(rig.add(alice, one.serial)).rejects.toThrow(Conflict);
    expect(await rig.isWaiting(id)).toBe(true);
  });
});

describe('giving a logger up', () => {
  it('frees it, keeps what was measured, and only a restart brings it back', async () => {
    const serial = logger().serial;
    const id = await rig.add(alice, serial);
    await visit(alice, HOME);
    const one = logger(7_200, serial);
    await say(HOME, one.data(NOON));
    expect(await samplesOf(id)).toBe(1);
    await rig.loggers.release(alice.id, id, NOON);
    rig.ingest.resolver.invalidate();
    await visit(alice, HOME);
    await say(HOME, one.data(new Date(NOON.getTime() + 1000)));
    expect(await rig.isWaiting(id)).toBe(true);
    expect(await samplesOf(id)).toBe(1);
    expect((await rig.loggers.details(alice.id, id, NOON)).claim?.isReleased).toBe(true);
    rig.now = later(1);
    await rig.loggers.askRestart(alice.id, id, rig.now);
    await say(ELSEWHERE, logger(20, serial).handshake(rig.now));
    expect(await rig.isWaiting(id)).toBe(false);
  });

  it('and asking for it is for one’s own only', async () => {
    const id = await rig.add(alice, nextSerial++);
    await expect(rig.loggers.release(bob.id, id, NOON)).rejects.toThrow(NotFound);
    await expect(rig.loggers.askRestart(bob.id, id, NOON)).rejects.toThrow(NotFound);
    await expect(rig.loggers.details(bob.id, id, NOON)).rejects.toThrow(NotFound);
    await expect(rig.loggers.frames(bob.id, id)).rejects.toThrow(NotFound);
  });

  it('a restart can be announced five times a day', async () => {
    const id = await rig.add(alice, nextSerial++);
    for (let i = 0; i < 5; i++) await rig.loggers.askRestart(alice.id, id, later(i));
    await expect(rig.loggers.askRestart(alice.id, id, later(6))).rejects.toThrow(TooMany);
    const tomorrow = later(24 * 60 + 10);
    expect((await rig.loggers.askRestart(alice.id, id, tomorrow)).claim?.restartUntil).not.toBeNull();
  });
});

describe('a claimed logger', () => {
  async function claimed(): Promise<{ id: number; one: TestLogger }> {
    const one = logger();
    const id = await rig.add(alice, one.serial);
    await visit(alice, HOME);
    await say(HOME, one.handshake(NOON));
    await rig.ingest.notes.settled();
    return { id, one };
  }

  it('that comes from a new address raises one event, and one an hour when it goes to and fro', async () => {
    const { id, one } = await claimed();
    expect(await rig.eventsOf(id)).toEqual([]);
    for (let minute = 1; minute <= 5; minute++) {
      rig.now = later(minute * 2);
      await say(minute % 2 === 1 ? ELSEWHERE : HOME, one.heartbeat());
      await rig.ingest.notes.settled();
    }
    const event = { kind: 'new_address', detail: { address: ELSEWHERE, before: HOME } };
    expect(await rig.eventsOf(id)).toEqual([event]);
    rig.now = later(90);
    await say(HOME, one.heartbeat());
    expect((await rig.eventsOf(id)).map(({ kind }) => kind)).toEqual(['new_address', 'new_address']);
  });

  it('that speaks over two connections at once raises an event', async () => {
    const { id, one } = await claimed();
    const [a, b] = [rig.connect(HOME), rig.connect(HOME)];
    a.send(one.heartbeat());
    await a.answered(1);
    b.send(one.heartbeat());
    await b.answered(1);
    await a.isClosed();
    await until('it is counted', () => rig.server.counters.twoAtOnce === 1);
    expect(await rig.eventsOf(id)).toEqual([{ kind: 'two_gateways', detail: { addresses: [HOME, HOME] } }]);
  });

  it.each([
    ['is not answered any more', (lost: Device) => lost.socket.pause()],
    ['is answered by a reset', (lost: Device) => void lost.socket.on('end', () => lost.socket.resetAndDestroy())],
  ])('that lost its connection and dials again at once is no second one, where the old one %s', async (_what, lose) => {
    const { id, one } = await claimed();
    const before = rig.server.counters.twoAtOnce;
    const replaced = rig.server.counters.ended.replaced ?? 0;
    const a = rig.connect(HOME);
    a.send(one.heartbeat());
    await a.answered(1);
    a.socket.removeAllListeners('end');
    lose(a);
    const b = rig.connect(HOME);
    b.send(one.heartbeat());
    await b.answered(1);
    await until('the old one is given up', () => rig.server.counters.ended.replaced === replaced + 1);
    expect(rig.server.counters.twoAtOnce).toBe(before);
    expect(await rig.eventsOf(id)).toEqual([]);
  });

  it('that was restarted while its old connection was open is no second one', async () => {
    const { id, one } = await claimed();
    const before = rig.server.counters.twoAtOnce;
    const a = rig.connect(HOME);
    a.send(one.heartbeat());
    await a.answered(1);
    const b = rig.connect(HOME);
    b.send(logger(2, one.serial).handshake(NOON));
    await b.answered(1);
    expect(rig.server.counters.twoAtOnce).toBe(before);
    expect(await rig.eventsOf(id)).toEqual([]);
  });
});

it('what gateways tell is noted together, and one that is refused takes nobody along', async () => {
  const serials = Array.from({ length: 5 }, () => String(logger().serial));
  const told = [...serials.slice(0, 3), 'x'.repeat(65), ...serials.slice(3)];
  for (const serial of told) {
    rig.ingest.notes.gateway(
      { userId: alice.id },
      'solarman',
      serial,
      { signalPct: 71, firmware: `"{\\,'` },
      HOME,
      NOON,
    );
  }
  await rig.ingest.notes.settled();
  const { rows } = await rig.db.owner((client) =>
    client.query('SELECT serial, facts, last_address FROM api.gateway WHERE serial = ANY ($1) ORDER BY serial', [told]),
  );
  const noted = { facts: { signalPct: 71, firmware: `"{\\,'` }, last_address: HOME };
  expect(rows).toEqual(serials.map((serial) => ({ serial, ...noted })));
});

describe('strangers', () => {
  it('from one address are looked at only so often, and answered all the same', async () => {
    const { claims } = rig.ingest;
    const limited = claims.counts.strangersLimited;
    const noisy = logger();
    const frames = Array.from({ length: 150 }, () => noisy.heartbeat());
    await say('198.51.100.200', ...frames);
    expect(claims.counts.strangersLimited - limited).toBe(30);
    // Others are not held up by it.
    const one = logger();
    const id = await rig.add(alice, one.serial);
    await visit(alice, HOME);
    await say(HOME, one.heartbeat());
    expect(await rig.isWaiting(id)).toBe(false);
  });

  it('that speak TLS are told to those at the same address, and to no others', async () => {
    const [hers, his] = [await rig.add(alice, nextSerial++), await rig.add(bob, nextSerial++)];
    await visit(alice, '203.0.113.88');
    await visit(bob, '203.0.113.89');
    const device = rig.connect('203.0.113.88');
    device.send(Buffer.from('16030100c8010000c40303', 'hex'));
    await device.isClosed();
    await rig.ingest.notes.settled();
    expect(rig.server.counters.tlsHellos).toBe(1);
    const tls = { address: '203.0.113.88', lastSeenAt: NOON };
    expect((await rig.loggers.details(alice.id, hers, NOON)).tls).toEqual(tls);
    expect((await rig.loggers.details(bob.id, his, NOON)).tls).toBeNull();
    expect((await rig.loggers.details(alice.id, hers, later(25 * 60))).tls).toBeNull();
  });
});
