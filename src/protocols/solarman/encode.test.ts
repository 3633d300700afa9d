import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeData } from './data.ts';
import {
  encodeData,
  encodeDeyeMicroData,
  encodeHandshake,
  encodeReport,
  encodeWifi,
  HANDSHAKE_LENGTHS,
} from './encode.ts';
import { handshakeFacts } from './handshake.ts';
import { isNumberField } from './layouts/field.ts';
import { layouts } from './layouts/index.ts';
import type { DataValues, Layout } from './layouts/layout.ts';
import { readReport } from './report.ts';
import { wifiFacts } from './wifi.ts';

const time = { workingS: 6_000_000, powerOnS: 600, offsetS: 1_746_000_000 };

/** Values that the layout can carry: every row present, none rejected. */
function valuesOf(layout: Layout): fc.Arbitrary<DataValues> {
  const rows = layout.fields.map((field) => {
    if (isNumberField(field)) {
      return fc.integer({ min: 1, max: 100 }).map((raw) => {
        const scale = field.scale ?? 1;
        if (field.metric === 'mpptCount' || field.metric === 'phaseCount') return 1 + (raw % 3);
        if (field.unit === 'kWh') return Math.round(raw * scale * 1000);
        return (scale < 1 ? raw / Math.round(1 / scale) : raw * scale) + (field.plus ?? 0);
      });
    }
    if (field.type === 'ascii') return fc.stringMatching(new RegExp(`^[!-~]{1,${field.length}}$`));
    return fc
      .date({ min: new Date('2015-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 19));
  });
  return fc
    .tuple(...rows)
    .map((values) => Object.fromEntries(layout.fields.map((field, i) => [field.metric, values[i]])));
}

describe.each(layouts)('encoder of $name', (layout) => {
  it.each(layout.lengths)('gives back what it was given, in %i bytes', (length) => {
    fc.assert(
      fc.property(valuesOf(layout), (values) => {
        const payload = encodeData(layout, { time, values, counter: 9, length });
        const decoded = decodeData(payload, true);
        expect(payload.length).toBe(length);
        expect(decoded).toMatchObject({
          ok: true,
          data: { head: { stored: false, sensorType: layout.sensorTypes[0], time, itemCount: 1, counter: 9 } },
        });
        if (decoded.ok) expect(decoded.data.fields).toEqual({ values, rejected: [] });
      }),
      { numRuns: 50 },
    );
  });

  it('refuses a payload that is too short for its rows', () => {
    expect(() => encodeData(layout, { time, values: {}, length: layout.minLength - 1 })).toThrow(RangeError);
  });
});

describe('encoder of a Deye microinverter', () => {
  it('fills in what a real one sends', () => {
    const decoded = decodeData(encodeDeyeMicroData({ time, values: {}, stored: true }), true);
    expect(decoded).toMatchObject({
      ok: true,
      data: {
        head: { stored: true },
        fields: {
          values: { deviceClass: 4, phaseCount: 1, temperatureC: null, temperature2C: null, energyTotalWh: 0 },
        },
      },
    });
  });
});

describe('encoder of the other frames', () => {
  const values = {
    uploadPeriodS: 300,
    samplePeriodS: 60,
    heartbeatPeriodS: 120,
    signalPct: 71,
    firmware: 'MW3_16U_5406_1.57',
    macAddress: '30:82:91:00:00:01',
    localAddress: '192.168.178.50',
    sensorList: 0x5406,
    hardware: 'V1.1.00.07',
    wifiName: 'HomeNet',
  };
  const old = {
    uploadPeriodS: 300,
    samplePeriodS: 60,
    heartbeatPeriodS: 120,
    signalPct: 71,
    firmware: 'MW3_16U_5406_1.57',
    macAddress: '30:82:91:00:00:01',
    localAddress: '192.168.178.50',
    sensorList: '0x5406',
    powerOnTimeS: 600,
  };

  it.each(HANDSHAKE_LENGTHS)('a handshake of %i bytes is read as far as it goes', (length) => {
    const payload = encodeHandshake({ time, values, length });
    expect(payload.length).toBe(length);
    if (length > 86) expect([...payload.subarray(86, 89), payload[129]]).toEqual([0x07, 0x00, 0xff, 0xff]);
    expect(handshakeFacts(payload, time.powerOnS)).toEqual({
      ...old,
      ...(length >= 130 ? { hardware: 'V1.1.00.07' } : {}),
      ...(length >= 212 ? { wifiName: 'HomeNet' } : {}),
    });
  });

  it('a signal beyond 100 % and empty fields are not said at all', () => {
    const payload = encodeHandshake({ time, values: {}, length: 86 });
    payload[17] = 255;
    expect(handshakeFacts(payload, null)).toEqual({ sensorList: '0x0000' });
  });

  it('Wi-Fi info, and the inverter serial that frame type 4 puts in its place', () => {
    const payload = encodeWifi({ time, values: { wifiName: 'HomeNet', signalPct: 71 } });
    expect(payload.length).toBe(47);
    expect(payload[0]).toBe(1);
    expect(encodeWifi({ time, values: {}, stored: true })[0]).toBe(0x81);
    expect(wifiFacts(payload)).toEqual({ wifiName: 'HomeNet', signalPct: 71 });
    payload[0] = 4;
    expect(wifiFacts(payload)).toEqual({ inverterSerial: 'HomeNet' });
    expect(wifiFacts(Buffer.alloc(5))).toEqual({});
  });

  it('a report with and without an upgrade', () => {
    const at = new Date('2024-03-18T09:10:28Z');
    expect(readReport(encodeReport(time, { at, firmware: 'MW3_16U_5406_1.57' }))).toEqual({
      facts: { upgradedAt: at, upgradedFirmware: 'MW3_16U_5406_1.57' },
      raw: null,
    });
    expect(readReport(encodeReport(time, null))).toEqual({ facts: {}, raw: null });
    expect(encodeReport(time, null).length).toBe(60);
    expect([...encodeReport(time, null).subarray(13, 18)]).toEqual([1, 5, 44, 0xff, 0xff]);
  });

  it.each<[string, Buffer, object]>([
    ['another record', reportOf(1, 28), { layout: 'report 1', reason: 'unknown_layout' }],
    ['an upgrade record cut short', reportOf(5, 59), { layout: 'report 5', reason: 'too_short' }],
    ['nothing', Buffer.from([1]), { layout: 'report', reason: 'too_short' }],
  ])('a report with %s is kept as it came', (_what, payload, raw) => {
    expect(readReport(payload)).toEqual({ facts: {}, raw: { ...raw, bytes: payload } });
  });
});

function reportOf(type: number, length: number): Buffer {
  const payload = Buffer.alloc(length);
  payload[14] = type;
  return payload;
}
