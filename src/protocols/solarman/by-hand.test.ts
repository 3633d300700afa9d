import { describe, expect, it } from 'vitest';
import type { Message } from '../protocol.ts';
import { encodeFrame } from './frame.ts';
import { solarman } from './index.ts';

/**
 * Frames written by hand from the specification's tables, byte by byte: what encoder and decoder both had wrong would be seen here, and
 * only here.
 */
const WORKED_S = 0x00b6_1a2c;
const POWER_ON_S = 0x0000_0e17;
const SAMPLED_AT = new Date('2025-06-21T11:23:45Z');
const OFFSET_S = SAMPLED_AT.getTime() / 1000 - WORKED_S;
const ARRIVED_AT = new Date('2025-06-21T11:24:00Z');
const SERIAL = 4_123_456_789;

interface ByHand {
  length: number;
  inputs: number;
  frameType?: number;
  offsetS?: number;
}

/** §3.4 and §3.5. Every number is another one, so that no field can stand in for its neighbour. */
function deyePayload({ length, inputs, frameType = 0x01, offsetS = OFFSET_S }: ByHand): Buffer {
  const p = Buffer.alloc(length, 0x5a);
  p[0] = frameType;
  p.writeUInt16LE(0x5408, 1);
  p.writeUInt32LE(WORKED_S, 3);
  p.writeUInt32LE(POWER_ON_S, 7);
  p.writeUInt32LE(offsetS, 11);
  p.writeUInt16LE(1, 15);
  p.writeUInt32LE(4065, 17);
  p.write('2305107146', 21, 'latin1');
  p.writeUInt16LE(4, 31);
  p.writeUInt32LE(0x0001_0315, 33);
  p.writeUInt32LE(0x0002_0417, 37);
  [2321, 0, 0].forEach((dv, i) => void p.writeUInt16LE(dv, 45 + 2 * i));
  [57, 0, 0].forEach((da, i) => void p.writeUInt16LE(da, 51 + 2 * i));
  p.writeUInt16LE(4997, 57);
  p.writeUInt32LE(0x0000_0523, 59);
  p.writeInt16LE(-318, 63);
  for (let at = 65; at < 73; at += 2) p.writeInt16LE(-1000, at);
  [311, 322, 333, 344].forEach((dv, i) => void p.writeUInt16LE(dv, 85 + 4 * i));
  [101, 92, 83, 74].forEach((da, i) => void p.writeUInt16LE(da, 87 + 4 * i));
  p.write('V0.2.0.1', 101, 'latin1');
  p.write('V0.1.1.7', 109, 'latin1');
  p.write('V1.2.1.8', 117, 'latin1');
  p.writeUInt32BE(20_000, 127);
  p[131] = inputs;
  p[132] = 1;
  p.writeUInt16BE(4, 133);
  [0x0111, 0x0122, 0x0133, 0x0144].forEach((tenths, i) => void p.writeUInt16BE(tenths, 135 + 2 * i));
  [0x0001_0201, 0x0001_0302, 0x0001_0403, 0x0001_0504].forEach(
    (tenths, i) => void p.writeUInt32BE(tenths, 143 + 4 * i),
  );
  for (let i = 0; i < 4; i++) p.write(`2305107146-${i + 1}    `, 159 + 16 * i, 'latin1');
  p.writeUInt16BE(5020, 223);
  p.writeUInt16BE(44, 225);
  [2750, 1830, 5150, 4750].forEach((raw, i) => void p.writeUInt16BE(raw, 235 + 2 * i));
  p.writeUInt16BE(60, 243);
  p.set([25, 6, 21, 13, 23, 40], 245);
  return p;
}

const frameOf = (payload: Buffer, code = 0x42): Buffer =>
  encodeFrame({ code, sequence: [0xff, 0xfe], serial: SERIAL, payload });

function only(bytes: Buffer): Message {
  const { messages, skipped, close } = solarman.open().receive(bytes, ARRIVED_AT);
  expect([messages.length, skipped, close]).toEqual([1, null, undefined]);
  return messages[0] as Message;
}

describe('a Deye microinverter’s frame written by hand', () => {
  const lengths = [251, 300, 330, 534];
  it.each(lengths.flatMap((length) => [1, 2, 3, 4].map((inputs) => ({ length, inputs }))))('is read: %o', (shape) => {
    const payload = deyePayload(shape);
    const message = only(frameOf(payload));
    const all = [
      { powerW: 314.1, voltageV: 31.1, currentA: 10.1, energyTodayWh: 27_300, energyTotalWh: 6_604_900 },
      { powerW: 296.2, voltageV: 32.2, currentA: 9.2, energyTodayWh: 29_000, energyTotalWh: 6_630_600 },
      { powerW: 276.4, voltageV: 33.3, currentA: 8.3, energyTodayWh: 30_700, energyTotalWh: 6_656_300 },
      { powerW: 254.6, voltageV: 34.4, currentA: 7.4, energyTodayWh: 32_400, energyTotalWh: 6_682_000 },
    ];
    const shown = all.slice(0, shape.inputs).map((input, i) => ({ channel: i + 1, ...input }));
    expect(message.readings).toHaveLength(1);
    expect(message.readings[0]).toMatchObject({
      serial: '4123456789',
      inverterSerial: '2305107146',
      sampledAt: SAMPLED_AT,
      timeQuality: 'device',
      stored: false,
      powerW: 1315,
      voltageV: 232.1,
      currentA: 5.7,
      frequencyHz: 49.97,
      temperatureC: -3.18,
      energyTodayWh: 663_250,
      energyTotalWh: 13_211_900,
      ratedPowerW: 2000,
      mpptCount: shape.inputs,
      deviceClock: '2025-06-21T13:23:40',
      channels: shown,
      flags: [],
    });
    expect(message.facts).toMatchObject({
      inverterFirmware: 'DC V0.1.1.7, AC V1.2.1.8, protocol V0.2.0.1',
      powerOnTimeS: POWER_ON_S,
    });
    expect(message.acknowledgement).toEqual({
      when: 'stored',
      code: 0x12,
      sequence: [0xff, 0xfe],
      serial: SERIAL,
      frameType: 0x01,
    });
    expect(message.sources).toEqual([{ layout: '0x5408', bytes: payload }]);
  });

  it('that is stored is of its own time, and is answered as one that is stored', () => {
    const message = only(frameOf(deyePayload({ length: 330, inputs: 2, frameType: 0x81 })));
    expect(message.readings[0]).toMatchObject({ stored: true, sampledAt: SAMPLED_AT, timeQuality: 'device' });
    expect(message.acknowledgement).toMatchObject({ when: 'stored', code: 0x12, frameType: 0x81 });
    expect(message.facts).not.toHaveProperty('powerOnTimeS');
  });

  it.each([
    ['later', 0x01],
    ['sooner', 0x81],
  ])('whose offset is told %s by any frame of its power-on gets its date', (when, wifiType) => {
    const stored = frameOf(deyePayload({ length: 330, inputs: 2, frameType: 0x81, offsetS: 0 }));
    // §3.2: Wi-Fi info, here ten seconds on, and a second of jitter in its power-on.
    const wifi = Buffer.alloc(47);
    wifi[0] = wifiType;
    wifi.writeUInt32LE(WORKED_S + 10, 1);
    wifi.writeUInt32LE(POWER_ON_S + 9, 5);
    wifi.writeUInt32LE(OFFSET_S, 9);
    wifi.write('HomeNet', 15, 'latin1');
    wifi[45] = 71;
    wifi[46] = 1;
    const told = frameOf(wifi, 0x43);
    const session = solarman.open();
    const frames = when === 'later' ? [stored, told] : [told, stored];
    const { messages } = session.receive(Buffer.concat(frames), ARRIVED_AT);
    // One that came first is kept, and decoded again with the clock that was told.
    const kept = messages.flatMap(({ raw }) => (raw === null ? [] : { ...raw, receivedAt: ARRIVED_AT }));
    const clocks = messages.flatMap(({ clock }) => clock ?? []);
    const replayed = solarman.replay(kept, String(messages[0]?.serial), clocks);
    const readings = [...messages.flatMap((message) => message.readings), ...replayed];
    expect(readings.map((reading) => [reading?.sampledAt, reading?.timeQuality])).toEqual([[SAMPLED_AT, 'boot']]);
    expect(messages.find(({ type }) => type === 'wifi')?.facts).toEqual({ wifiName: 'HomeNet', signalPct: 71 });
  });

  it('is whole behind any text that stands before, between and after frames, however it is cut', () => {
    const text = Buffer.from('AT+YZCMPVER=MW3_16U_5406_2.32-D1\r\n\r\n', 'latin1');
    const data = frameOf(deyePayload({ length: 330, inputs: 2 }));
    const heartbeat = frameOf(Buffer.alloc(1), 0x47);
    const stream = Buffer.concat([text, data, text, heartbeat, Buffer.from([0xa5]), heartbeat, text]);
    for (let at = 0; at <= stream.length; at += 7) {
      const session = solarman.open();
      const pieces = [stream.subarray(0, at), stream.subarray(at)];
      const messages = pieces.flatMap((piece) => session.receive(piece, ARRIVED_AT).messages);
      expect(messages.map(({ type }) => type)).toEqual(['data', 'heartbeat', 'heartbeat']);
      expect(messages.map(({ facts }) => facts?.firmware)).toEqual([
        'MW3_16U_5406_2.32-D1',
        'MW3_16U_5406_2.32-D1',
        undefined,
      ]);
    }
  });
});

it.each(Array.from({ length: 256 }, (_, code) => code).filter((code) => (code & 0x40) !== 0 && code !== 0x45))(
  'a request of code %i is answered with 0x30 less, whatever it is',
  (code) => {
    const { acknowledgement } = only(
      encodeFrame({ code, sequence: [9, 255], serial: 1, payload: Buffer.from([0x81, 7]) }),
    );
    expect(acknowledgement).toMatchObject({ code: code - 0x30, sequence: [9, 255], frameType: 0x81 });
  },
);
