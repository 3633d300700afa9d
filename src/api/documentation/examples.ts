/** One sunny noon, told by every example. */
const SAMPLED_AT = '2026-06-21T10:59:30.000Z';

export const inverter = {
  id: 7,
  name: 'Garage',
  serial: '116183771004',
  kind: 'opendtu',
  state: 'producing',
  site_id: 3,
  time_zone: 'Europe/Berlin',
  rated_power_w: 1500,
  mppt_count: 4,
  last_seen_at: SAMPLED_AT,
  power_w: 812.5,
  sampled_at: SAMPLED_AT,
  energy_today_wh: 2310,
};

export const current = {
  ...inverter,
  received_at: SAMPLED_AT,
  age_s: 30,
  energy_total_wh: 1284300,
  counter_total_wh: 1284300,
  power_dc_w: 846.1,
  voltage_v: 231.4,
  current_a: 3.51,
  frequency_hz: 49.99,
  power_factor: 0.997,
  temperature_c: 41.2,
  inverter_serial: null,
  max_power_today_w: 1120,
  avg_power_last_hour_w: 790.4,
  channels: [
    {
      channel: 1,
      name: 'South',
      power_w: 423,
      voltage_v: 33.1,
      current_a: 12.78,
      energy_today_wh: 1160,
      energy_total_wh: 642100,
      irradiation_pct: 71.4,
    },
  ],
};

export const power = {
  bucket: '15m',
  points: [
    { time: '2026-06-21T10:30:00.000Z', power_w: 781.2, power_max_w: 840 },
    { time: '2026-06-21T10:45:00.000Z', power_w: 803.9, power_max_w: 871.5 },
  ],
};

export const energy = {
  bucket: 'day',
  time_zone: 'Europe/Berlin',
  total_wh: 12840,
  points: [
    { start: '2026-06-19T22:00:00.000Z', energy_wh: 6530, estimated: false },
    { start: '2026-06-20T22:00:00.000Z', energy_wh: 6310, estimated: true },
  ],
};

export const summary = {
  state: 'producing',
  inverter_count: 2,
  power_w: 1490.5,
  sampled_at: SAMPLED_AT,
  age_s: 30,
  power_missing_count: 0,
  energy_today_wh: 4120,
  energy_total_wh: 2410800,
  energy_missing_count: 0,
};

export const events = {
  items: [
    {
      id: 512,
      time: '2026-06-20T03:12:00.000Z',
      kind: 'gap',
      channel: 0,
      detail: { until: '2026-06-20T05:40:00.000Z' },
    },
  ],
  next_cursor: null,
};

export const site = {
  id: 3,
  name: 'Home',
  time_zone: 'Europe/Berlin',
  latitude: 52.52,
  longitude: 13.4,
};

export const pending = {
  items: [
    {
      kind: 'opendtu',
      serial: '116183771004',
      name: 'Shed',
      model: 'HM-1000/1200/1500-4T',
      mppt_count: 4,
      rated_power_w: 1500,
      gateway_serial: '199980140256',
      first_seen_at: '2026-06-21T09:00:00.000Z',
      last_seen_at: SAMPLED_AT,
      readings: 120,
    },
  ],
  next_cursor: null,
  auto_add: false,
};

export const logger = {
  claim: null,
  gateway: {
    firmware: 'LSW3_14_FFFF_1.0.57',
    hardware: null,
    local_address: '192.168.1.20',
    mac_address: null,
    wifi_name: 'Home',
    signal_pct: 74,
    upload_period_s: 300,
    sample_period_s: 60,
    heartbeat_period_s: 60,
    inverter_firmware: null,
    handshake_at: '2026-06-21T04:10:00.000Z',
    last_seen_at: SAMPLED_AT,
    last_address: '203.0.113.7',
  },
  kept_frames: [],
  tls: null,
};

export const apiKey = {
  id: 12,
  name: 'Home Assistant',
  scope: 'read',
  hint: 'PQRS',
  created_at: '2026-06-01T08:00:00.000Z',
  expires_at: null,
  last_used_at: SAMPLED_AT,
};

export const session = {
  id: '0b2f4c52-5d9d-4d53-9f0e-3a6a4f8f1f10',
  created_at: '2026-06-01T08:00:00.000Z',
  last_used_at: SAMPLED_AT,
  address: '203.0.113.7',
  user_agent: 'curl/8.5.0',
  is_current: true,
};

export const readingsBody = {
  readings: [
    { serial: 'heat-pump', sampled_at: '2026-06-21T12:59:30+02:00', power_w: 812.5, energy_total_wh: 1284300 },
  ],
};

export const opendtuBody = {
  timestamp: '2026-06-21T12:59:30+02:00',
  dtu_serial: '199980140256',
  inverters: [
    {
      serial: '116183771004',
      name: 'Shed',
      reachable: true,
      producing: true,
      last_update: 1782039570,
      measurements: { power_ac: 16.1, voltage_ac: 229.8, current_ac: 0.07, frequency: 49.99, power_factor: 0.617 },
      dc_channels: [
        { channel: 1, name: 'South', power: 3.4, voltage: 30.4, current: 0.11, yield_day: 337, yield_total: 444.671 },
      ],
    },
  ],
};

export const victronBody = {
  timestamp: '2026-06-21T12:59:30+02:00',
  cerbo_serial: 'c0619ab3f1d2',
  devices: [
    {
      serial: 'HQ2203ABCDE',
      name: 'BlueSolar',
      reachable: true,
      producing: true,
      last_update: 1782039570,
      yield_power_w: 348.1,
      yield_total_kwh: 6515.4,
      trackers: [{ tracker: 0, name: 'PV', voltage: 61.2, power: 348.1 }],
    },
  ],
};

export const opendtuAnswer = {
  dtu_serial: '199980140256',
  timestamp: '2026-06-21T12:59:30+02:00',
  total_inverters: 1,
  success_count: 1,
  error_count: 0,
  results: [{ serial: '116183771004', status: 'ok', inverter_id: 7, power_ac: 16 }],
};

export const victronAnswer = {
  cerbo_serial: 'c0619ab3f1d2',
  timestamp: '2026-06-21T12:59:30+02:00',
  total_devices: 1,
  success_count: 1,
  error_count: 0,
  results: [{ device_identifier: 'hq2203abcde', status: 'ok', inverter_id: 8, yield_power_w: 348 }],
};

export const error = {
  error: 'invalid_input',
  message: 'That range holds more than 5000 points.',
  details: { fields: { bucket: 'use 5m or a shorter range' } },
};

/** What a stream looks like on the line. */
export const stream = `id: 1782039570000
event: reading
data: ${JSON.stringify({ inverter_id: 7, ...current, channels: [] })}

id: 1782039570000
event: state
data: {"inverter_id":7,"state":"producing"}

`;
export const exportCsv =
  'start,power_w,power_max_w,energy_wh,estimated\r\n2026-06-21T12:45:00+02:00,803.9,871.5,201,false\r\n';
export const exportJson = `{"inverter":{"id":7,"name":"Garage","serial":"116183771004"},"time_zone":"Europe/Berlin","resolution":"15m","items":[
{"start":"2026-06-21T12:45:00+02:00","power_w":803.9,"power_max_w":871.5,"energy_wh":201,"estimated":false}
]}
`;

export const takeout = {
  state: 'ready',
  requested_at: '2026-06-21T11:00:00.000Z',
  progress_pct: 100,
  ready_at: '2026-06-21T11:00:42.000Z',
  expires_at: '2026-06-28T11:00:42.000Z',
  bytes: 5_242_880,
};
