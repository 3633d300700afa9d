import type { ZodType } from 'zod';
import * as examples from './examples.ts';
import type { Answer, Operation } from './operation.ts';
import { opendtuAnswer, opendtuBody, readingsBody, victronAnswer, victronBody } from './push-shapes.ts';

const done: Readonly<Record<number, Answer>> = { 204: { description: 'Done.' } };
const paged = (item: unknown): object => ({ items: [item], next_cursor: null });

const gaps =
  'A gap is a missing point. At most 5 000 points; more are refused with 422, which names the next bucket. ' +
  'Send `If-None-Match` with the `ETag` of the answer before to get 304 where nothing has changed.';

const statistics: Record<string, Operation> = {
  'GET /api/v1/inverters/{id}/power': {
    tag: 'Statistics',
    summary: 'Power of an inverter: mean and maximum by bucket, in W',
    description: `${gaps} Buckets of an hour and longer begin where the site’s hours and days do.`,
    example: examples.power,
  },
  'GET /api/v1/inverters/{id}/energy': {
    tag: 'Statistics',
    summary: 'Energy of an inverter by quarter hour to year, in Wh',
    description: gaps,
    example: examples.energy,
  },
  'GET /api/v1/inverters/{id}/channels/{n}/power': {
    tag: 'Statistics',
    summary: 'Power of one DC input, in W',
    description: gaps,
    example: examples.power,
  },
  'GET /api/v1/inverters/{id}/channels/{n}/energy': {
    tag: 'Statistics',
    summary: 'Energy of one DC input, in Wh',
    description: gaps,
    example: examples.energy,
  },
  'GET /api/v1/summary/current': {
    tag: 'Statistics',
    summary: 'All inverters of the account together, now',
    example: examples.summary,
  },
  'GET /api/v1/summary/power': {
    tag: 'Statistics',
    summary: 'Power of all inverters together, in W',
    description: gaps,
    example: examples.power,
  },
  'GET /api/v1/summary/energy': {
    tag: 'Statistics',
    summary: 'Energy of all inverters together, in Wh',
    description: `${gaps} Days are those of the account’s first site.`,
    example: examples.energy,
  },
};

const inverters: Record<string, Operation> = {
  'GET /api/v1/inverters': {
    tag: 'Inverters',
    summary: 'All inverters of the account',
    example: paged(examples.inverter),
  },
  'POST /api/v1/inverters': {
    tag: 'Inverters',
    summary: 'Add an inverter',
    description: 'A Solarman logger waits (state `waiting`) until something shows whose it is.',
    bodyExample: { name: 'Garage', serial: '116183771004', kind: 'opendtu' },
    example: examples.inverter,
    conflict: 'The account has that serial already.',
  },
  'PATCH /api/v1/inverters/{id}': {
    tag: 'Inverters',
    summary: 'Change what an inverter is called, is and where it stands',
    description: 'What is left out stays.',
    bodyExample: { name: 'Garage', rated_power_w: 1500 },
    example: examples.inverter,
  },
  'DELETE /api/v1/inverters/{id}': {
    tag: 'Inverters',
    summary: 'Remove an inverter with everything measured of it',
    answers: done,
  },
  'GET /api/v1/inverters/{id}/current': {
    tag: 'Inverters',
    summary: 'What an inverter does now',
    description: 'What is unknown is null, never 0.',
    example: examples.current,
  },
  'PATCH /api/v1/inverters/{id}/channels/{n}': {
    tag: 'Inverters',
    summary: 'Name a DC input, and say what modules are on it',
    bodyExample: { name: 'South', peak_power_w: 430 },
    example: { channel: 1, name: 'South', peak_power_w: 430 },
  },
  'GET /api/v1/inverters/{id}/events': {
    tag: 'Inverters',
    summary: 'What was noticed about its data, newest first',
    example: examples.events,
  },
  'POST /inverter_metadata/{serial}': {
    tag: 'Inverters',
    summary: 'Say what an inverter is, by its serial',
    description:
      'For programs of the predecessor; new ones use `PATCH /api/v1/inverters/{id}`. An administrator who is signed in may say it of ' +
      'anybody’s inverter; a key never.',
    bodyExample: { rated_power: 600, number_of_mppts: 2 },
    example: {
      id: 7,
      serial_logger: '2712345678',
      name: 'Balcony',
      rated_power: 600,
      number_of_mppts: 2,
      sw_version: '-',
    },
    conflict: 'Inverters of several kinds have this serial.',
  },
};

const files: Record<string, Operation> = {
  'GET /api/v1/inverters/{id}/export': {
    tag: 'Export',
    summary: 'Everything measured, as CSV or JSON',
    description:
      'Written while it is read, so a year takes no more memory than a day; hang up to stop it. Columns have the names of this API. ' +
      'CSV follows RFC 4180; times are the site’s, with offset.',
    answers: {
      200: {
        description: 'The file.',
        text: { 'text/csv': examples.exportCsv, 'application/json': examples.exportJson },
      },
    },
  },
  'GET /api/v1/live': {
    tag: 'Live',
    summary: 'Readings, states and devices of the account as they come',
    description:
      'Server-sent events. `reading` is what `…/current` answers plus `inverter_id`; `state` is `{inverter_id, state}`; `device` is ' +
      '`{inverter_id, change}` with `added`, `changed` or `removed`, and for a device that arrives in the inbox ' +
      '`{inverter_id: null, change: "pending", kind, serial}`; `clock` is the server’s time in milliseconds, every 25 s. ' +
      'A stream begins with the state and the newest reading of every inverter. Whoever comes back with `Last-Event-ID` gets the readings ' +
      'received since; one may come twice. A reader that does not read is dropped; at most 50 streams of an account.',
    answers: { 200: { description: 'The stream.', text: { 'text/event-stream': examples.stream } } },
  },
};

const pushed = (schema: ZodType): Readonly<Record<number, Answer>> => ({
  201: { description: 'Everything is stored, or was before.', schema },
  207: { description: 'Some of it is stored; `results` says what is wrong with the rest.', schema },
  404: { description: 'The key is good, but none of these devices is registered: they wait in the inbox.', schema },
  422: { description: 'Nothing of it can be used.', schema, orError: true },
});

const readings: Record<string, Operation> = {
  'POST /api/v1/readings': {
    tag: 'Readings',
    summary: 'Store up to 1 000 readings of any devices of the account',
    description: 'Each gets its own answer; one that is wrong never costs the others. Power in W, energy in Wh.',
    body: readingsBody,
    bodyExample: examples.readingsBody,
    example: { accepted: 1, results: [{ index: 0, serial: 'heat-pump', status: 'ok', error: null }] },
    conflict: 'Devices of several kinds have a serial that is sent without its kind; nothing is stored.',
  },
  'POST /api/opendtu/measurements': {
    tag: 'Readings',
    summary: 'What OpenDTU pushes',
    body: opendtuBody,
    bodyExample: examples.opendtuBody,
    example: examples.opendtuAnswer,
    answers: pushed(opendtuAnswer),
  },
  'POST /api/victron/measurements': {
    tag: 'Readings',
    summary: 'What the bridge of a Venus OS device pushes',
    body: victronBody,
    bodyExample: examples.victronBody,
    example: examples.victronAnswer,
    answers: pushed(victronAnswer),
  },
};

const devices: Record<string, Operation> = {
  'GET /api/v1/devices/pending': {
    tag: 'Devices',
    summary: 'Devices that push and are not registered',
    example: examples.pending,
  },
  'PATCH /api/v1/devices/pending': {
    tag: 'Devices',
    summary: 'Whether such devices are added by themselves',
    bodyExample: { auto_add: false },
    example: examples.pending,
  },
  'POST /api/v1/devices/{kind}/{serial}/claim': {
    tag: 'Devices',
    summary: 'Register one of them, and book what it sent',
    bodyExample: { name: 'Shed' },
    example: examples.inverter,
    conflict: 'The account has that serial already.',
  },
  'GET /api/v1/inverters/{id}/logger': {
    tag: 'Devices',
    summary: 'The logger behind a Solarman inverter, and whose it is',
    example: examples.logger,
  },
  'POST /api/v1/inverters/{id}/restart': {
    tag: 'Devices',
    summary: 'Announce a restart of the logger, which shows that it is yours',
    example: examples.logger,
  },
  'POST /api/v1/inverters/{id}/release': { tag: 'Devices', summary: 'Give the logger up', answers: done },
  'GET /api/v1/inverters/{id}/frames': {
    tag: 'Devices',
    summary: 'Payloads nothing could be made of, to be sent to whoever writes a layout',
    example: {
      serial: '2712345678',
      frames: [{ received_at: '2026-06-21T10:59:30.000Z', layout: '2', reason: 'length', payload_hex: '010203' }],
    },
  },
};

const account: Record<string, Operation> = {
  'GET /api/v1/account': {
    tag: 'Account',
    summary: 'Whose account it is',
    example: {
      id: 1,
      email: 'erika@example.org',
      first_name: 'Erika',
      last_name: 'Muster',
      locale: null,
      time_zone: 'Europe/Berlin',
      is_admin: false,
      is_verified: true,
    },
  },
  'GET /api/v1/sites': {
    tag: 'Account',
    summary: 'Where the inverters stand',
    example: paged(examples.site),
  },
  'PATCH /api/v1/sites/{id}': {
    tag: 'Account',
    summary: 'Change a site’s name, zone or place',
    description:
      'What is left out stays. With another zone, hours, days and months are counted by it from now on, and for the past.',
    bodyExample: { latitude: 52.52, longitude: 13.4 },
    example: examples.site,
  },
  'GET /api/v1/api-keys': {
    tag: 'Account',
    summary: 'The keys of the account’s devices and programs',
    example: paged(examples.apiKey),
  },
  'POST /api/v1/api-keys': {
    tag: 'Account',
    summary: 'Make a key',
    description: 'The key is shown this once.',
    bodyExample: { name: 'Home Assistant', scope: 'read', expires_at: null },
    example: { id: 12, key: 'ABCD-EFGH-JKMN-PQRS', name: 'Home Assistant', scope: 'read', expires_at: null },
    conflict: 'The account has too many keys.',
  },
  'DELETE /api/v1/api-keys/{id}': { tag: 'Account', summary: 'Revoke a key, at once', answers: done },
  'GET /api/v1/sessions': {
    tag: 'Account',
    summary: 'Where the account is signed in',
    example: paged(examples.session),
  },
  'DELETE /api/v1/sessions': { tag: 'Account', summary: 'Sign out everywhere', answers: done },
  'DELETE /api/v1/sessions/{id}': { tag: 'Account', summary: 'End one session', answers: done },
};

const takeout: Record<string, Operation> = {
  'GET /api/v1/account/takeout': {
    tag: 'Account',
    summary: 'How it is with the archive of everything',
    example: examples.takeout,
  },
  'POST /api/v1/account/takeout': {
    tag: 'Account',
    summary: 'Ask for an archive of everything the account has',
    description:
      'A ZIP archive with profile, sites, devices, measurements, events, keys (without their secrets), sessions and mails, as CSV and JSON ' +
      '(GDPR, articles 15 and 20). It is made in the background, kept for seven days, and replaces the one before; three times a day at most.',
    example: { ...examples.takeout, state: 'waiting', progress_pct: 0, ready_at: null, bytes: null },
    conflict: 'It is being made already.',
  },
  'DELETE /api/v1/account/takeout': {
    tag: 'Account',
    summary: 'Remove the archive, or stop its making',
    answers: done,
    mayBeAbsent: true,
  },
  'GET /api/v1/account/takeout/file': {
    tag: 'Account',
    summary: 'Download the archive',
    answers: { 200: { description: 'The archive.', text: { 'application/zip': 'PK…' } } },
    mayBeAbsent: true,
  },
};

const server: Record<string, Operation> = {
  'POST /auth/jwt/login': {
    tag: 'Server',
    summary: 'A bearer token for e-mail address and password',
    description:
      'An account with a second factor sends its code as `otp`; without it the answer is 400 with `OTP_REQUIRED`.',
    isLimited: true,
    bodyExample: { username: 'erika@example.org', password: 'correct horse battery staple' },
    example: { access_token: 'eyJhbGciOiJIUzI1NiJ9.e30.…', token_type: 'bearer' },
  },
  'POST /auth/jwt/logout': { tag: 'Server', summary: 'End the session of this token', answers: done },
  'GET /healthcheck': {
    tag: 'Server',
    summary: 'Whether this process can do its work',
    example: { status: 'ok', FastAPI: 'OK', components: { database: 'ok', collector: 'ok', worker: 'ok' } },
  },
};

/** Every operation that is documented, by method and path. A test compares it with the routes there are. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...inverters,
  ...statistics,
  ...files,
  ...readings,
  ...devices,
  ...account,
  ...takeout,
  ...server,
};
