import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';

const mail = (settings: Record<string, string>, others: NodeJS.ProcessEnv = {}) =>
  loadConfig(
    { ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [`FASTMAIL__${key}`, value])), ...others },
    '/nonexistent',
  ).mail;

const SERVER = { MAIL_SERVER: 'mail.example.org', MAIL_FROM: 'solar@example.org' };

describe('the mail settings', () => {
  it('without a server: no SMTP, and a sender all the same', () => {
    expect(mail({})).toEqual({ smtp: null, from: { name: 'Deye Hard', address: 'noreply@localhost' } });
    expect(mail({}, { BASE_URL: 'https://solar.example.org/app' }).from.address).toBe('noreply@solar.example.org');
    expect(mail({}, { BASE_URL: 'http://192.168.178.20:8000' }).from.address).toBe('noreply@localhost');
  });

  it.each([
    ['no credentials', {}, { port: 587, tls: 'offered', credentials: null }],
    [
      'a password crosses a network only encrypted',
      { MAIL_USERNAME: 'u', MAIL_PASSWORD: 'p' },
      { tls: 'required', credentials: { username: 'u', password: 'p' } },
    ],
    ['but a server on the same machine', { MAIL_USERNAME: 'u', MAIL_SERVER: '127.0.0.1' }, { tls: 'offered' }],
    ['told not to encrypt', { MAIL_USERNAME: 'u', MAIL_STARTTLS: 'False' }, { tls: 'never' }],
    ['told to encrypt', { MAIL_STARTTLS: 'True' }, { tls: 'required' }],
    ['TLS from the first byte', { MAIL_SSL_TLS: 'true' }, { port: 465, tls: 'implicit' }],
    ['a port of its own', { MAIL_PORT: '2525' }, { port: 2525 }],
    ['told not to sign in', { MAIL_USERNAME: 'u', USE_CREDENTIALS: 'False' }, { credentials: null, tls: 'offered' }],
    ['told not to look at the certificate', { VALIDATE_CERTS: '0' }, { validateCerts: false }],
  ])('%s', (_, settings, expected) => {
    expect(mail({ ...SERVER, ...settings }).smtp).toMatchObject(expected);
  });

  it('send nothing when told so, and take the user for the sender where that is an address', () => {
    expect(mail({ ...SERVER, SUPPRESS_SEND: 'True' }).smtp).toBeNull();
    const { from, smtp } = mail({
      MAIL_SERVER: 'mail.example.org',
      MAIL_USERNAME: 'roof@example.org',
      MAIL_FROM_NAME: 'Dach',
    });
    expect(from).toEqual({ name: 'Dach', address: 'roof@example.org' });
    expect(smtp?.validateCerts).toBe(true);
  });

  it.each([
    ['FASTMAIL__MAIL_FROM', { MAIL_SERVER: 'mail.example.org' }],
    ['FASTMAIL__MAIL_FROM', { ...SERVER, MAIL_FROM: 'nobody' }],
    ['FASTMAIL__MAIL_USERNAME', { ...SERVER, USE_CREDENTIALS: 'True' }],
    ['FASTMAIL__MAIL_STARTTLS', { ...SERVER, MAIL_STARTTLS: 'True', MAIL_SSL_TLS: 'True' }],
    ['FASTMAIL__MAIL_PORT', { ...SERVER, MAIL_PORT: 'smtp' }],
  ])('are refused in one line that names %s', (name, settings) => {
    expect(() => mail(settings)).toThrow(new RegExp(`^${name} [^\\n]+$`));
  });
});
