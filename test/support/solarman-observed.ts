import { decodeAcknowledgement } from '../../src/protocols/solarman/acknowledgement.ts';
import { hex, kindOf } from '../../src/protocols/solarman/codes.ts';
import { decodeData } from '../../src/protocols/solarman/data.ts';
import type { Frame } from '../../src/protocols/solarman/frame.ts';
import { readHandshake } from '../../src/protocols/solarman/handshake.ts';
import { readReport } from '../../src/protocols/solarman/report.ts';
import { acquiredAt, readTimeBlock } from '../../src/protocols/solarman/time.ts';
import { readWifi } from '../../src/protocols/solarman/wifi.ts';

/** What our decoders say about a frame, in the words the captured frames were annotated with. */
export function observe(frame: Frame): Record<string, unknown> {
  const { payload, code } = frame;
  const common = { payload_len_field: payload.length, frame_type: payload[0] };
  const kind = kindOf(code);
  const at = { handshake: 1, wifi: 1, report: 1, data: 3, answer: 2 }[kind as string];
  const time = at === undefined ? {} : timeOf(payload, at);
  switch (kind) {
    case 'handshake':
      return { ...common, ...time, ...handshakeOf(payload) };
    case 'wifi': {
      const values = readWifi(payload);
      return { ...common, ...time, ssid: values.wifiName, signal_pct: values.signalPct, last: values.last };
    }
    case 'report':
      return { ...common, ...time, ...reportOf(payload) };
    case 'data':
      return { ...common, ...time, ...dataOf(payload) };
    case 'server': {
      const answer = decodeAcknowledgement(frame);
      if (answer === null) return common;
      const { accepted, serverTime, utcOffsetMin } = answer;
      return {
        ...common,
        status: accepted ? 1 : 0,
        server_time: iso(serverTime),
        utc_offset_min_or_hb: utcOffsetMin,
      };
    }
    default:
      return { ...common, ...time };
  }
}

function iso(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

function timeOf(payload: Buffer, at: number): object {
  const time = readTimeBlock(payload, at);
  if (time === null) return {};
  const date = acquiredAt(time);
  return {
    total_working_time_s: time.workingS,
    power_on_time_s: time.powerOnS,
    offset_time: time.offsetS,
    ...(date === null ? {} : { acquired_at: iso(date) }),
  };
}

function handshakeOf(payload: Buffer): object {
  const values = readHandshake(payload);
  return {
    upload_period_min: Number(values.uploadPeriodS) / 60,
    sample_period_s: values.samplePeriodS,
    heartbeat_s: values.heartbeatPeriodS,
    max_devices: values.maxDevices,
    signal_pct: values.signalPct,
    frame_kind: values.frameKind,
    firmware: values.firmware,
    mac: values.macAddress,
    ip: values.localAddress,
    sensor_list: hex(Number(values.sensorList), 4),
    hw_version: values.hardware,
    ssid: values.wifiName,
  };
}

function reportOf(payload: Buffer): object {
  const { facts } = readReport(payload);
  const record = { record_count: payload[13], record_type: payload[14], record_len: payload[15] };
  if (facts.upgradedAt === undefined) return { ...record, record_hex: payload.subarray(16).toString('hex') };
  return { ...record, record: { time: iso(facts.upgradedAt), firmware: facts.upgradedFirmware } };
}

function dataOf(payload: Buffer): object {
  const sensor_type = hex(payload.readUInt16LE(1), 4);
  const decoded = decodeData(payload, true);
  if (!decoded.ok) return { sensor_type, historical: payload.readUInt8(0) > 0x7f };
  const { head, layout, fields } = decoded.data;
  const v = fields.values;
  const kwh = (wh: unknown) => Number(wh) / 1000;
  const shown = layout.shownInputs === 'all' ? layout.inputs : Number(v.mpptCount);
  const inputs = ([1, 2, 3, 4] as const).slice(0, shown).map((n) => ({
    v: v[`pv${n}.voltageV`],
    a: v[`pv${n}.currentA`],
    w: v[`pv${n}.powerW`] ?? Number(v[`pv${n}.voltageV`]) * Number(v[`pv${n}.currentA`]),
    day_kwh: kwh(v[`pv${n}.energyTodayWh`]),
    total_kwh: kwh(v[`pv${n}.energyTotalWh`]),
  }));
  return {
    sensor_type,
    historical: head.stored,
    item_count: head.itemCount,
    frame_counter: head.counter,
    inverter_serial: v.inverterSerial,
    inverter_clock: v.inverterClock,
    day_kwh: kwh(v.energyTodayWh),
    total_kwh: kwh(v.energyTotalWh),
    grid_v: [v['phase1.voltageV'], v['phase2.voltageV'], v['phase3.voltageV']],
    grid_a: [v['phase1.currentA'], v['phase2.currentA'], v['phase3.currentA']],
    grid_hz: v.frequencyHz,
    ac_power_w: v.powerW,
    radiator_c: v.temperatureC,
    temp_c: v.temperatureC,
    protocol_version: v.protocolVersion,
    dc_fw: v.dcFirmware,
    ac_fw: v.acFirmware,
    rated_power_w: v.ratedPowerW,
    rated_w: v.ratedPowerW,
    mppt_count: v.mpptCount,
    phases: v.phaseCount,
    device_class: v.deviceClass,
    pv: inputs,
    port_serials: ([1, 2, 3, 4] as const).map((n) => v[`pv${n}.portSerial`]),
    overfreq_start_hz: v.overFrequencyStartHz,
    overfreq_reduction_pct: v.overFrequencyReductionPct,
    grid_v_max: v.gridVoltageMaxV,
    grid_v_min: v.gridVoltageMinV,
    grid_hz_max: v.gridFrequencyMaxHz,
    grid_hz_min: v.gridFrequencyMinHz,
    self_check_s: v.selfCheckS,
  };
}
