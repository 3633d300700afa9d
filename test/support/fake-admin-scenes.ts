import type { Scene } from './fake-scenes.ts';
import { type FakeServices, fakeServices, sunnyInverter } from './fake-services.ts';
import { NOON } from './fake-web.ts';

/** An administrator whose second factor is on. */
function administration(): FakeServices {
  const services = fakeServices([sunnyInverter(NOON, { id: 1 })]);
  services.account.twoFactor = { isOn: true, recoveryCodes: 10, setUp: null };
  return services;
}

function nothingYet(): FakeServices {
  const services = administration();
  services.administration.overview = { sources: [], processes: [], counts: new Map() };
  return services;
}

/** A server nobody has set up: whoever opens its address signs in nowhere. */
function unset(): FakeServices {
  const services = fakeServices();
  services.isAdministered = false;
  return services;
}

const scene = (name: string, path: string, of: Partial<Scene> = {}): Scene => ({
  ...{ name: `admin-${name}`, path: `/admin${path}`, services: administration, as: 'admin' },
  ...of,
});

/** The pages of the administration, for the long look at every page. */
export const ADMIN_SCENES: readonly Scene[] = [
  { name: 'login-no-administrator', path: '/login', services: unset, as: 'nobody' },
  scene('overview', ''),
  scene('overview-nothing', '', { services: nothingYet }),
  scene('users', '/users'),
  scene('users-none', '/users?q=niemand'),
  scene('user', '/users/12?done=verify', { open: true }),
  scene('user-refused', '/users/77', { open: true, form: {}, status: 409 }),
  scene('devices', '/devices'),
  scene('gateways', '/devices?show=gateways&q=27'),
  scene('loggers', '/loggers?done=assigned', { open: true }),
  scene('jobs', '/jobs'),
  scene('mails', '/mails'),
  scene('audit', '/audit?who=11'),
];
