import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeReading, powerLimits } from '../../src/domain/plausibility.ts';
import type { Reading } from '../../src/domain/reading.ts';
import { pushProtocols, streamProtocols } from '../../src/protocols/index.ts';
import type { Message, SessionOutcome, StreamProtocol } from '../../src/protocols/protocol.ts';
import { acknowledgementFor } from '../../src/protocols/solarman/acknowledgement.ts';
import { CODE, kindOf } from '../../src/protocols/solarman/codes.ts';
import { decodeFrame } from '../../src/protocols/solarman/frame.ts';
import { solarman } from '../../src/protocols/solarman/index.ts';
import { TestLogger } from '../support/solarman-logger.ts';
import { observe } from '../support/solarman-observed.ts';
import { bytesOfVector, vectors } from '../support/solarman-vectors.ts';

const long = process.env['LONG_TESTS'] === '1';
const now = new Date('2025-07-15T12:00:00Z');
const NO_TIME_LIMIT = 600_000;

/** A few frames as a device sends them, whole; the last is a measurement. Every protocol that listens has an entry. */
const conversations: Record<string, Buffer[]> = { solarman: solarmanConversation() };

function solarmanConversation(): Buffer[] {
  const logger = new TestLogger();
  const text = Buffer.from('AT+YZCMPVER=MW3_16U_5406_9.99-D1\r\n\r\n');
  const opening = [logger.handshake(now), logger.stored(new Date('2025-07-15T09:55:00Z'))];
  logger.learnTime(now);
  return [...opening, logger.wifi(now), text, logger.heartbeat(), logger.report(now), logger.data(now)];
}

interface Heard {
  messages: Message[];
  close: string | undefined;
  skipped: number;
}

/** Everything a fresh session says about a stream that arrives in these pieces. */
function hear(protocol: StreamProtocol, pieces: readonly Buffer[]): Heard {
  const session = protocol.open();
  const heard: Heard = { messages: [], close: undefined, skipped: 0 };
  const take = (outcome: SessionOutcome) => {
    heard.messages.push(...outcome.messages);
    heard.close ??= outcome.close?.reason;
    heard.skipped += outcome.skipped?.bytes ?? 0;
  };
  for (const piece of pieces) {
    take(session.receive(piece, now));
    if (session.bufferedBytes > 16_384) throw new Error(`${session.bufferedBytes} bytes held`);
  }
  return heard;
}

const inWords = (heard: Heard) => JSON.stringify(heard);
const readingsOf = (heard: Heard) => heard.messages.flatMap((message) => message.readings);

/** Cuts as fractions of a stream's length, so that one property serves streams of any length. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });

function cut(stream: Buffer, fractions: number[]): Buffer[] {
  const points = [0, ...fractions.map((f) => Math.floor(f * stream.length)).sort((a, b) => a - b), stream.length];
  return points.slice(1).map((to, i) => stream.subarray(points[i], to));
}

function flip(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

const isSet = (bytes: Buffer, bit: number): boolean => ((bytes[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;

/** Every number finite, no power beyond what the inverter or an input can give. */
function isPossible(reading: Reading): boolean {
  const limits = powerLimits(reading);
  const numbers = [reading, ...reading.channels, ...reading.phases].flatMap((part) =>
    Object.values(part).filter((value) => typeof value === 'number'),
  );
  const within = (powerW: number | null, limitW: number): boolean => powerW === null || Math.abs(powerW) <= limitW;
  return (
    numbers.every(Number.isFinite) &&
    within(reading.powerW, limits.acW) &&
    within(reading.powerDcW, limits.dcW) &&
    reading.channels.every((input) => within(input.powerW, limits.inputW))
  );
}

describe('the lists', () => {
  it('name every protocol, port and path once', () => {
    for (const names of [
      [...streamProtocols, ...pushProtocols].map((protocol) => protocol.id),
      streamProtocols.map((protocol) => protocol.listen.tcp),
      pushProtocols.map((protocol) => protocol.listen.http),
    ]) {
      expect(new Set<unknown>(names).size).toBe(names.length);
    }
  });

  it('have a conversation to test every stream protocol with', () => {
    expect(Object.keys(conversations).sort()).toEqual(streamProtocols.map((protocol) => protocol.id).sort());
  });
});

describe.each(streamProtocols)('$name', (protocol) => {
  const frames = conversations[protocol.id] ?? [];
  const stream = Buffer.concat(frames);
  const measurement = frames.at(-1) ?? Buffer.alloc(0);
  const whole = hear(protocol, [stream]);

  it('understands its conversation and closes nothing', () => {
    expect(whole.close).toBeUndefined();
    expect(whole.messages.length).toBeGreaterThan(1);
    expect(readingsOf(whole).length).toBeGreaterThan(0);
  });

  it('says the same wherever the stream is cut in two', () => {
    for (let at = 0; at <= stream.length; at++) {
      const heard = hear(protocol, [stream.subarray(0, at), stream.subarray(at)]);
      if (inWords(heard) !== inWords(whole)) expect(heard, `cut at ${at}`).toEqual(whole);
    }
  });

  it('says the same byte by byte, frame by frame and in random chunks', () => {
    expect(hear(protocol, frames)).toEqual(whole);
    expect(
      hear(
        protocol,
        [...stream].map((byte) => Buffer.from([byte])),
      ),
    ).toEqual(whole);
    fc.assert(
      fc.property(cuts, (fractions) => inWords(hear(protocol, cut(stream, fractions))) === inWords(whole)),
      { numRuns: long ? 20_000 : 500 },
    );
  });

  it('makes nothing of random bytes: no throw, no hang, no reading', { timeout: NO_TIME_LIMIT }, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), cuts, (bytes, fractions) => {
        return readingsOf(hear(protocol, cut(Buffer.from(bytes), fractions))).length === 0;
      }),
      { numRuns: long ? 500_000 : 500 },
    );
  });

  it('makes nothing of pieces of frames in any order', { timeout: NO_TIME_LIMIT }, () => {
    const scrap = fc
      .tuple(fc.nat(stream.length - 1), fc.nat(60))
      .map(([from, length]) => stream.subarray(from, from + length));
    fc.assert(
      fc.property(fc.array(scrap, { maxLength: 40 }), (pieces) => readingsOf(hear(protocol, pieces)).length === 0),
      { numRuns: long ? 300_000 : 500 },
    );
  });

  it('never takes a measurement with one wrong bit for a measurement', () => {
    for (let bit = 0; bit < measurement.length * 8; bit++) {
      expect(readingsOf(hear(protocol, [flip(measurement, bit)])), `bit ${bit}`).toEqual([]);
    }
  });

  it('takes several wrong bits for nothing, or for a reading in which nothing impossible is left', {
    timeout: NO_TIME_LIMIT,
  }, () => {
    const bits = fc.array(fc.nat(measurement.length * 8 - 1), { minLength: 2, maxLength: 8 });
    // Two bits of the same weight that change in opposite directions: a checksum that is a sum does not see them.
    const unseen = fc
      .tuple(fc.nat(measurement.length * 8 - 1), fc.nat(measurement.length - 1))
      .map(([bit, byte]) => [bit, byte * 8 + (bit & 7)])
      .filter(([a = 0, b = 0]) => isSet(measurement, a) !== isSet(measurement, b));
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(bits, unseen), (flipped) => {
        const readings = readingsOf(hear(protocol, [flipped.reduce(flip, measurement)]));
        read += readings.length;
        return readings.every((reading) => isPossible(judgeReading(reading)));
      }),
      { numRuns: long ? 200_000 : 2_000 },
    );
    // Else the property would have looked at nothing.
    expect(read).toBeGreaterThan(0);
  });

  it('finds the frame behind one with a wrong bit, at the latest when the partial-frame timer has fired', () => {
    const expected = readingsOf(hear(protocol, [measurement]));
    const step = long ? 1 : 7;
    for (let bit = 0; bit < measurement.length * 8; bit += step) {
      const session = protocol.open();
      const outcomes = [session.receive(Buffer.concat([flip(measurement, bit), measurement]), now)];
      if (session.partial) outcomes.push(session.expirePartial(now));
      const readings = outcomes.flatMap((outcome) => outcome.messages).flatMap((message) => message.readings);
      if (JSON.stringify(readings) !== JSON.stringify(expected)) expect(readings, `bit ${bit}`).toEqual(expected);
    }
  });

  it('makes acknowledgements for the moment they are sent', () => {
    for (const { acknowledgement } of whole.messages) {
      if (acknowledgement === null) continue;
      const noon = protocol.acknowledge(acknowledgement, now, 120);
      expect(noon.equals(protocol.acknowledge(acknowledgement, now, 120))).toBe(true);
      expect(noon.equals(protocol.acknowledge(acknowledgement, new Date(now.getTime() + 1000), 120))).toBe(false);
      expect(noon.equals(protocol.acknowledge(acknowledgement, now, 60))).toBe(false);
    }
  });
});

/** Annotations of commands and their answers: the product sends none, so nothing decodes them; and of fields nobody knows. */
const NOT_DECODED = new Set(
  'type rtu crc_ok double_crc slave function registers start_register quantity register value error_code error_meaning status at_command at_response u16_13 manufacturer model embedded_modbus_prefix sensor_type'.split(
    ' ',
  ),
);

describe.skipIf(vectors === null)('captured Solarman frames', () => {
  const good = (vectors ?? []).filter((vector) => vector.length_ok && vector.checksum_ok);
  const verdicts: { name: string; kind: string; bytes: number; verdict: string }[] = [];

  it.each(good)(
    '$name: the envelope and every annotated field',
    ({ name, kind, hex, sequence, logger_serial, decoded }) => {
      const bytes = Buffer.from(hex, 'hex');
      const frame = decodeFrame(bytes);
      if (frame === null) throw new Error('refused');
      expect([frame.sequence, frame.serial]).toEqual([sequence, logger_serial]);
      const observed = observe(frame);
      let agreed = 0;
      const open: string[] = [];
      const foreign = kindOf(frame.code) === 'data' && observed['item_count'] === undefined;
      for (const [key, value] of Object.entries(decoded)) {
        if (observed[key] === undefined) {
          expect(foreign || NOT_DECODED.has(key), `${key} is not looked at`).toBe(true);
          open.push(key);
        } else {
          expect(agrees(observed[key], value), `${key}: ${JSON.stringify(observed[key])}`).toBe(true);
          agreed += 1;
        }
      }
      const raw = foreign ? ', kept raw (no layout)' : '';
      const rest = open.filter((key) => key !== 'type');
      const words = rest.length > 3 ? `${rest.length} fields` : rest.join(', ');
      verdicts.push({
        name,
        kind,
        bytes: bytes.length,
        verdict: `${agreed} fields agree${raw}${rest.length === 0 ? '' : `; not decoded: ${words}`}`,
      });
    },
  );

  it.each(good)('$name: cut at every byte, in random chunks, behind garbage', ({ hex }) => {
    const bytes = Buffer.from(hex, 'hex');
    const whole = inWords(hear(solarman, [bytes]));
    for (let at = 0; at <= bytes.length; at++) {
      expect(inWords(hear(solarman, [bytes.subarray(0, at), bytes.subarray(at)])) === whole, `cut at ${at}`).toBe(true);
    }
    const random = fc.property(cuts, (fractions) => inWords(hear(solarman, cut(bytes, fractions))) === whole);
    fc.assert(random, { numRuns: long ? 2000 : 20 });
    const behind = hear(solarman, [Buffer.from('+ok\r\n\0\0', 'latin1'), bytes]);
    expect(behind.skipped).toBe(7);
    expect(inWords({ ...behind, skipped: 0 })).toBe(whole);
  });

  const answers = good.filter((vector) => vector.decoded['server_time'] !== undefined);
  it.each(answers)('$name: the acknowledgement is made byte for byte', ({ hex, decoded, sequence, logger_serial }) => {
    const bytes = Buffer.from(hex, 'hex');
    const [a = 0, b = 0] = sequence ?? [];
    const payload = Buffer.from([Number(decoded['frame_type'])]);
    const request = {
      code: (bytes[4] ?? 0) + 0x30,
      sequence: [(a - 1) & 0xff, b] as const,
      serial: logger_serial ?? 0,
      payload,
    };
    const owed = acknowledgementFor(request, 'now');
    if (owed === null) throw new Error('nothing owed');
    const made = solarman.acknowledge(
      owed,
      new Date(String(decoded['server_time'])),
      Number(decoded['utc_offset_min_or_hb']),
    );
    expect(made.toString('hex')).toBe(hex);
  });

  it.each([
    ['deye-gbb-heartbeat', 'deye-gbb-heartbeat-ack', '2025-06-21T09:00:27Z'],
    ['syn-deye-handshake', 'syn-handshake-ack-utc+2', '2025-07-15T16:20:05Z'],
    ['syn-deye-data-historical-offset0', 'syn-data-ack-historical', '2025-07-15T16:21:40Z'],
    ['syn-deye-sun2000g3-data-realtime', 'syn-data-ack', '2025-07-15T17:20:00Z'],
    ['syn-wifi-info', 'syn-wifi-info-ack', '2025-07-15T17:20:01Z'],
    ['syn-heartbeat', 'syn-heartbeat-ack', '2025-07-15T17:22:00Z'],
    ['syn-report', 'syn-report-ack', '2025-07-15T17:20:02Z'],
  ])('%s is answered with %s', (request, answer, at) => {
    const owed = hear(solarman, [bytesOfVector(request)]).messages[0]?.acknowledgement;
    if (!owed) throw new Error('nothing owed');
    expect(solarman.acknowledge(owed, new Date(at), 120).toString('hex')).toBe(bytesOfVector(answer).toString('hex'));
  });

  it('a stored sample without offset is dated by the live one behind it', () => {
    const session = solarman.open();
    const early = session.receive(bytesOfVector('syn-deye-data-historical-offset0'), now);
    expect(early.messages).toMatchObject([{ readings: [], acknowledgement: { when: 'stored' } }]);
    const [live] = session.receive(bytesOfVector('syn-deye-sun2000g3-data-realtime'), now).messages;
    const kept = early.messages.flatMap(({ raw }) => (raw === null ? [] : { ...raw, receivedAt: now }));
    const clocks = live?.clock == null ? [] : [live.clock];
    expect(solarman.replay(kept, String(live?.serial), clocks)).toMatchObject([
      { sampledAt: new Date('2025-07-15T16:20:40Z'), stored: true, timeQuality: 'boot' },
    ]);
    expect(live?.readings).toMatchObject([{ sampledAt: new Date('2025-07-15T17:20:00Z'), stored: false }]);
  });

  it('a stored sample with offset dates itself', () => {
    const [message] = hear(solarman, [bytesOfVector('solis-data-historical-with-offset')]).messages;
    expect(message?.readings).toMatchObject([
      {
        sampledAt: new Date('2021-04-14T11:19:32Z'),
        stored: true,
        timeQuality: 'device',
        voltageV: 249.6,
        currentA: 7.2,
        phases: [],
      },
    ]);
  });

  it('the real Deye frame becomes the reading it should', () => {
    const [message] = hear(solarman, [bytesOfVector('deye-sun-m80g3-data-realtime')]).messages;
    expect(message?.readings).toMatchObject([
      {
        sampledAt: new Date('2024-04-08T17:14:03Z'),
        powerW: 4,
        energyTodayWh: 900,
        energyTotalWh: 177_500,
        temperatureC: 27.7,
        ratedPowerW: 800,
        mpptCount: 2,
        inverterSerial: '2305107146',
        channels: [
          { channel: 1, powerW: 0, voltageV: 27.1, energyTodayWh: 400, energyTotalWh: 80_700 },
          { channel: 2, powerW: 0, voltageV: 27.8, energyTodayWh: 400, energyTotalWh: 88_100 },
        ],
      },
    ]);
  });

  const damaged: [string, string[], { skipped: number; partial: boolean }][] = [
    ['syn-stream-coalesced', ['heartbeat', 'data'], { skipped: 0, partial: false }],
    ['syn-stream-garbage-then-frame', ['heartbeat'], { skipped: 36, partial: false }],
    ['deye-AC-relay-AT-garbage-1', [], { skipped: 36, partial: false }],
    ['syn-bad-checksum', [], { skipped: 14, partial: false }],
    ['syn-length-ffff', [], { skipped: 14, partial: false }],
    ['deye-micro-heartbeat-ack-MALFORMED', [], { skipped: 0, partial: true }],
    ['eth-logger-mbap-answer', [], { skipped: 0, partial: true }],
    ['lsw5ble-data-modbus-style', [], { skipped: 0, partial: true }],
  ];
  const streamAt = (name: string) => (vectors === null ? Buffer.alloc(0) : bytesOfVector(name));

  it.each(damaged)('%s yields %j and leaves the next frame whole', (name, types, { skipped, partial }) => {
    const bytes = streamAt(name);
    const whole = hear(solarman, [bytes]);
    expect(whole.messages.map((message) => message.type)).toEqual(types);
    expect(whole).toMatchObject({ skipped, close: undefined });
    for (let at = 0; at <= bytes.length; at++) {
      expect(inWords(hear(solarman, [bytes.subarray(0, at), bytes.subarray(at)]))).toBe(inWords(whole));
    }
    const session = solarman.open();
    session.receive(bytes, now);
    expect(session.partial).toBe(partial);
    const next = new TestLogger(session.serial === null ? 1 : Number(session.serial)).heartbeat();
    const outcomes = [session.receive(next, now), ...(session.partial ? [session.expirePartial(now)] : [])];
    expect(outcomes.flatMap((outcome) => outcome.messages).map((message) => message.code)).toEqual(['0x47']);
    const vector = vectors?.find((entry) => entry.name === name);
    const found = types.length === 0 ? 'nothing taken for a frame' : `frames found: ${types.join(', ')}`;
    verdicts.push({
      name,
      kind: vector?.kind ?? '',
      bytes: bytes.length,
      verdict: `${found}; the next frame is found`,
    });
  });

  it('every entry got a verdict', () => {
    console.table(verdicts);
    expect(verdicts.map(({ name }) => name).sort()).toEqual(vectors?.map(({ name }) => name).sort());
    expect(good.some((vector) => decodeFrame(Buffer.from(vector.hex, 'hex'))?.code === CODE.data)).toBe(true);
  });
});

/** Powers are annotated as volts times amperes, to 0.01 W; a single-phase device with its one phase. */
function agrees(ours: unknown, theirs: unknown, tolerance = 1e-9): boolean {
  if (typeof ours === 'number' && typeof theirs === 'number') return Math.abs(ours - theirs) <= tolerance;
  if (Array.isArray(theirs)) {
    return Array.isArray(ours) && ours.length === theirs.length && theirs.every((their, i) => agrees(ours[i], their));
  }
  if (Array.isArray(ours)) return agrees(ours[0], theirs);
  if (theirs !== null && typeof theirs === 'object') {
    const fields = ours as Record<string, unknown>;
    return Object.entries(theirs).every(([key, their]) => agrees(fields[key], their, key === 'w' ? 0.006 : undefined));
  }
  return ours === theirs;
}
