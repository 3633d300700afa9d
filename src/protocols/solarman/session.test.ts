import { describe, expect, it } from 'vitest';
import { NOON, TestLogger } from '../../../test/support/solarman-logger.ts';
import type { Message, SessionOutcome } from '../protocol.ts';
import { CODE } from './codes.ts';
import { writeHead } from './encode.ts';
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

/** A data payload that no layout decodes. */
function foreign(sensorType: number, length = 100): Buffer {
  const payload = Buffer.alloc(length);
  const time = { workingS: 5, powerOnS: 5, offsetS: 1_752_000_000 };
  writeHead({ stored: false, sensorType, time, itemCount: 1, counter: 1 }, payload);
  return payload;
}

describe('a session', () => {
  it('goes through a whole cycle and owes an answer to every frame', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    const handshake = only(session.receive(logger.handshake(noon), noon));
    logger.learnTime(noon);
    const rest = [logger.data(noon), logger.wifi(noon), logger.report(noon), logger.heartbeat()];
    const messages = [handshake, ...session.receive(Buffer.concat(rest), noon).messages];
    expect(messages.map((m) => [m.type, m.code, m.acknowledgement?.code, m.acknowledgement?.when])).toEqual([
      ['handshake', '0x41', 0x11, 'now'],
      ['data', '0x42', 0x12, 'stored'],
      ['wifi', '0x43', 0x13, 'now'],
      ['report', '0x48', 0x18, 'now'],
      ['heartbeat', '0x47', 0x17, 'now'],
    ]);
    expect(messages.map((m) => m.acknowledgement?.sequence)).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
      [0, 4],
      [0, 5],
    ]);
    expect(messages.map((m) => m.acknowledgement?.frameType)).toEqual([2, 1, 1, 1, 0]);
    expect(session.serial).toBe('4100000001');
    expect(messages.every((m) => m.serial === '4100000001' && !m.repeated)).toBe(true);
  });

  it('tells what the handshake says about the logger', () => {
    expect(only(solarman.open().receive(new TestLogger().handshake(noon), noon)).facts).toEqual({
      firmware: 'MW3_16U_5406_1.57',
      hardware: 'V1.1.00.07',
      macAddress: '30:82:91:00:00:01',
      localAddress: '192.168.178.50',
      signalPct: 71,
      uploadPeriodS: 300,
      samplePeriodS: 60,
      heartbeatPeriodS: 120,
      sensorList: '0x5406',
      powerOnTimeS: 7800,
    });
  });

  it('reads a live sample', () => {
    const logger = new TestLogger();
    logger.learnTime(noon);
    const message = only(solarman.open().receive(logger.data(noon), noon));
    expect(message.raw).toBeNull();
    expect(message.facts).toEqual({
      inverterSerial: '2301234567',
      inverterFirmware: 'DC V0.1.1.7, AC V1.2.1.8, protocol V0.2.0.1',
      powerOnTimeS: 7800,
    });
    expect(message.readings).toEqual([
      {
        kind: 'solarman',
        serial: '4100000001',
        sampledAt: noon,
        timeQuality: 'device',
        deviceClock: '2025-07-15T12:00:00',
        stored: false,
        fresh: true,
        flags: [],
        reachable: null,
        powerW: 598,
        powerDcW: 614.5,
        voltageV: 232.1,
        currentA: 2.6,
        frequencyHz: 50.02,
        powerFactor: null,
        temperatureC: 41.27,
        energyTodayWh: 2100,
        energyTotalWh: 177_500,
        phases: [],
        channels: [channel(1, 310.3, 34.1, 9.1, 1100, 90_000), channel(2, 304.2, 33.8, 9, 1000, 87_500)],
        counterStepWh: 100,
        ratedPowerW: 800,
        mpptCount: 2,
        inverterSerial: '2301234567',
        deviceName: null,
        gatewaySerial: null,
      },
    ]);
  });

  it.each<[string, object, object]>([
    ['a temperature that is not available', { temperatureC: null }, { temperatureC: null, flags: [] }],
    ['a counter of nothing, for the judge', { energyTotalWh: 0 }, { energyTotalWh: 0, flags: [] }],
    ['an impossible voltage', { 'phase1.voltageV': 6553.5 }, { voltageV: null, flags: ['value_rejected'] }],
    ['an impossible current', { 'phase1.currentA': 6553.5 }, { currentA: null, flags: ['value_rejected'] }],
    ['an impossible power', { powerW: 0xffffffff }, { powerW: null, flags: ['value_rejected'] }],
    [
      'an input whose current cannot be true',
      { 'pv2.currentA': 6553.5 },
      { powerDcW: null, flags: ['value_rejected'] },
    ],
    ['no number of inputs', { mpptCount: 0 }, { channels: [], powerDcW: null, mpptCount: null, flags: [] }],
    ['an impossible number of inputs', { mpptCount: 9 }, { channels: [], mpptCount: null, flags: ['value_rejected'] }],
    ['one input', { mpptCount: 1 }, { powerDcW: 310.3, mpptCount: 1 }],
    ['no rated power', { ratedPowerW: 0 }, { ratedPowerW: null, flags: [] }],
    ['a clock that was never set', { inverterClock: null }, { deviceClock: null }],
    [
      'three phases',
      { phaseCount: 3, 'phase2.voltageV': 231, 'phase3.voltageV': 230 },
      {
        voltageV: null,
        currentA: null,
        phases: [
          { voltageV: 232.1, currentA: 2.6, powerW: null },
          { voltageV: 231, currentA: 0, powerW: null },
          { voltageV: 230, currentA: 0, powerW: null },
        ],
      },
    ],
  ])('reads a sample with %s', (_what, values, expected) => {
    const logger = new TestLogger();
    logger.learnTime(noon);
    const frame = logger.data(noon, { ...NOON, 'phase2.currentA': 0, 'phase3.currentA': 0, ...values });
    const message = only(solarman.open().receive(frame, noon));
    expect(message.readings[0]).toMatchObject(expected);
    const rejected = message.readings[0]?.flags.includes('value_rejected');
    expect(message.raw?.reason ?? null).toBe(rejected ? 'implausible' : null);
  });

  it('passes a time far in the future through: judging it is not its business', () => {
    const logger = new TestLogger();
    logger.learnTime(noon, later(86_400 * 365));
    const [reading] = only(solarman.open().receive(logger.data(noon), noon)).readings;
    expect(reading?.sampledAt).toEqual(later(86_400 * 365));
  });

  it('keeps a payload of unknown layout and answers once it is stored', () => {
    const logger = new TestLogger();
    const message = only(solarman.open().receive(logger.frame(CODE.data, foreign(0x5413)), noon));
    expect(message).toMatchObject({ readings: [], acknowledgement: { when: 'stored', code: 0x12 } });
    expect(message.raw).toEqual({ layout: '0x5413', reason: 'unknown_layout', bytes: foreign(0x5413) });
  });

  it.each<[string, number, Buffer, object]>([
    ['a known layout cut short', 0x42, foreign(0x5408, 250), { layout: '0x5408', reason: 'too_short' }],
    ['a data frame without a head', 0x42, Buffer.from([1, 8, 0x54]), { layout: 'data', reason: 'too_short' }],
    ['a short handshake', 0x41, Buffer.from([2, 0, 0]), { layout: 'handshake', reason: 'too_short' }],
    ['an unknown code', 0x44, Buffer.from([9, 9]), { layout: '0x44', reason: 'unknown_code' }],
    ['an unknown code that wants no answer', 0x0f, Buffer.from([9]), { layout: '0x0f', reason: 'unknown_code' }],
  ])('keeps %s as it came', (_what, code, payload, raw) => {
    const message = only(solarman.open().receive(new TestLogger().frame(code, payload), noon));
    expect(message.raw).toEqual({ ...raw, bytes: payload });
    expect(message.acknowledgement?.code ?? null).toBe((code & 0x40) === 0 ? null : code - 0x30);
  });

  it('owes nothing for data that wants no answer, and none for answers to commands', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    expect(only(session.receive(logger.frame(0x02, foreign(0x0503)), noon)).acknowledgement).toBeNull();
    const answer = only(session.receive(logger.frame(CODE.answer, Buffer.alloc(16)), noon));
    expect(answer).toMatchObject({ type: 'answer', acknowledgement: null, raw: null, readings: [] });
  });

  it('keeps the readings of a retransmission, for its first copy may be lost', () => {
    const logger = new TestLogger();
    logger.learnTime(noon);
    const session = solarman.open();
    const frame = logger.data(noon);
    const first = only(session.receive(frame, noon));
    const again = only(session.receive(frame, later(31)));
    expect(again).toEqual({ ...first, repeated: true });
    expect(only(session.receive(logger.data(noon), later(60))).repeated).toBe(false);
    expect(only(session.receive(frame, later(3600))).repeated).toBe(false);
  });

  it('takes a firmware from the text before a frame, unless the frame knows better', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    const text = Buffer.from('AT+YZCMPVER=MW3_16U_5406_9.99-D1\r\n\r\n');
    const outcome = session.receive(Buffer.concat([text, logger.heartbeat()]), noon);
    expect(only(outcome).facts).toEqual({ firmware: 'MW3_16U_5406_9.99-D1' });
    expect(outcome.skipped).toEqual({ bytes: 36, badFrames: 0, refusedFrames: 0, sample: text });
    const next = only(session.receive(Buffer.concat([text, logger.handshake(noon)]), noon));
    expect(next.facts?.firmware).toBe('MW3_16U_5406_1.57');
    expect(session.receive(logger.heartbeat(), noon).skipped).toBeNull();
  });
});

describe('a session closes', () => {
  it.each<[string, string, Buffer]>([
    ['a TLS hello', 'tls_hello', Buffer.from('16030100c8010000c40303', 'hex')],
    ['a newer TLS hello', 'tls_hello', Buffer.from('16030300c8010000c40303', 'hex')],
    ['too much garbage', 'garbage', Buffer.alloc(8193, 0x20)],
    ['garbage of start bytes', 'garbage', Buffer.alloc(8200, 0xa5)],
  ])('on %s', (_what, reason, bytes) => {
    for (const pieces of [[bytes], [...bytes].map((byte) => Buffer.from([byte]))]) {
      const session = solarman.open();
      const outcomes = pieces.map((piece) => session.receive(piece, noon));
      expect(outcomes.find((outcome) => outcome.close !== undefined)?.close).toMatchObject({ reason });
      expect(session.receive(new TestLogger().heartbeat(), noon), 'nothing is read any more').toEqual({
        messages: [],
        skipped: null,
      });
    }
  });

  it.each([
    ['160301', true],
    ['160304', true],
    ['160305', false],
    ['160201', false],
    ['170301', false],
    ['a5160301', false],
  ])('bytes %s are a TLS hello: %s', (bytes, isHello) => {
    const close = solarman.open().receive(Buffer.from(bytes, 'hex'), noon).close;
    expect(close?.reason === 'tls_hello').toBe(isHello);
  });

  it('on a TLS hello whose first read was empty', () => {
    const session = solarman.open();
    session.receive(Buffer.alloc(0), noon);
    expect(session.receive(Buffer.from('160301', 'hex'), noon).close?.reason).toBe('tls_hello');
  });

  it('when the serial changes, after the good frames before', () => {
    const session = solarman.open();
    const bytes = Buffer.concat([new TestLogger(11).heartbeat(), new TestLogger(12).heartbeat()]);
    const outcome = session.receive(bytes, noon);
    expect(only(outcome).serial).toBe('11');
    expect(outcome.close).toMatchObject({ reason: 'serial_changed' });
    expect(session.serial).toBe('11');
  });

  it.each<[string, (logger: TestLogger) => Buffer]>([
    ['acknowledgements', (logger) => logger.frame(0x17, Buffer.alloc(10))],
    ['commands', (logger) => logger.frame(0x45, Buffer.alloc(23))],
    ['frames without a serial', (logger) => logger.frame(0x47, Buffer.from([0]), 0)],
  ])('on the third of %s from the peer, answering none', (_what, frame) => {
    const logger = new TestLogger();
    const session = solarman.open();
    const outcomes = [1, 2, 3].map(() => session.receive(frame(logger), noon));
    expect(outcomes.map((outcome) => outcome.close?.reason)).toEqual([undefined, undefined, 'server_code']);
    expect(outcomes.flatMap((outcome) => outcome.messages)).toEqual([]);
    expect(outcomes.map((outcome) => outcome.skipped?.refusedFrames)).toEqual([1, 1, 1]);
    expect(session.serial).toBeNull();
  });

  it('when frames are begun and never finished, three times in a row', () => {
    const logger = new TestLogger();
    const session = solarman.open();
    const half = () => logger.heartbeat().subarray(0, 8);
    const expire = () => {
      session.receive(half(), noon);
      expect(session.partial).toBe(true);
      return session.expirePartial(later(15)).close?.reason;
    };
    expect([expire(), expire()]).toEqual([undefined, undefined]);
    only(session.receive(logger.heartbeat(), noon));
    expect([expire(), expire(), expire()]).toEqual([undefined, undefined, 'stalled']);
    expect(session.partial).toBe(false);
  });

  it('not for an expiry without a partial frame', () => {
    const session = solarman.open();
    for (let i = 0; i < 9; i++) expect(session.expirePartial(noon)).toEqual({ messages: [], skipped: null });
  });
});

describe('frames kept raw', () => {
  it('are decoded again when their layout is known', () => {
    const logger = new TestLogger();
    const early = only(solarman.open().receive(logger.stored(at('09:55:00')), noon)).raw;
    logger.learnTime(noon);
    const frame = logger.data(noon, { ...NOON, powerW: 0xffffffff });
    const implausible = only(solarman.open().receive(frame, noon)).raw;
    if (!early || !implausible) throw new Error('nothing kept');
    const kept = { ...early, receivedAt: noon };
    const others = [
      { ...kept, layout: '0x44' },
      { ...kept, layout: '0x5413', bytes: foreign(0x5413) },
    ];
    expect(solarman.replay([kept, ...others], '4100000001', [])).toMatchObject([
      { sampledAt: null, timeQuality: 'device_clock' },
      null,
      null,
    ]);
    const dated = { ...implausible, receivedAt: later(9) };
    expect(solarman.replay([kept, dated], '4100000001', [])).toMatchObject([
      { sampledAt: at('09:55:00'), timeQuality: 'boot', stored: true },
      { sampledAt: noon, energyTotalWh: 177_500 },
    ]);
  });

  it('are dated by a clock that is known by now, if it is that of their power-on', () => {
    const logger = new TestLogger();
    const early = only(solarman.open().receive(logger.stored(at('09:55:00')), noon)).raw;
    logger.learnTime(noon);
    const { clock } = only(solarman.open().receive(logger.wifi(noon), noon));
    if (!early || !clock) throw new Error('nothing kept');
    const kept = { ...early, receivedAt: noon };
    const [reading] = solarman.replay([kept], '4100000001', [clock]);
    expect(reading).toMatchObject({ sampledAt: at('09:55:00'), timeQuality: 'boot' });
    const other = { ...clock, startS: clock.startS + 60 };
    expect(solarman.replay([kept], '4100000001', [other])).toMatchObject([{ sampledAt: null }]);
  });
});

function channel(
  n: number,
  powerW: number,
  voltageV: number,
  currentA: number,
  energyTodayWh: number,
  energyTotalWh: number,
) {
  return { channel: n, name: null, powerW, voltageV, currentA, energyTodayWh, energyTotalWh, irradiationPct: null };
}
