/** What no honest client sends, or only by mistake. None of it may be answered with a 500. */

const DEEP = '['.repeat(20_000) + ']'.repeat(20_000);
const DEEP_OBJECT = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;

/** Words for wherever a text or an id is expected. */
export const HOSTILE_WORDS: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  '1e309',
  '99999999999999999999',
  '2147483648',
  'NaN',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '%00',
  '\u0000',
  '\u202egpj.exe',
  '\ud800',
  'ﷺ'.repeat(50),
  '👩‍👩‍👧‍👦',
  'a\u0300'.repeat(200),
  "'; DROP TABLE api.user_account; --",
  '<script>alert(1)</script>',
  '{{7*7}}',
  '2026-02-30',
  '+275760-09-13T00:00:00Z',
  '0000-00-00',
  'x'.repeat(3_000),
];

const fieldsOf = (value: unknown): Record<string, unknown> =>
  Object.fromEntries(
    [
      ...[
        'name',
        'serial',
        'kind',
        'email',
        'password',
        'username',
        'otp',
        'challenge',
        'token',
        'locale',
        'time_zone',
      ],
      ...[
        'new_email',
        'new_password1',
        'new_password2',
        'current_password',
        'session',
        'next',
        'confirm',
        'scope',
        'expires_at',
      ],
      ...[
        'timestamp',
        'dtu_serial',
        'inverters',
        'cerbo_serial',
        'devices',
        'readings',
        'first_name',
        'last_name',
        'rated_power_w',
      ],
    ].map((name) => [name, value]),
  );

export interface HostileBody {
  what: string;
  type: string;
  body: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
}

const json = (what: string, body: string): HostileBody => ({ what, type: 'application/json', body });

export const HOSTILE_BODIES: readonly HostileBody[] = [
  json('nothing', ''),
  json('null', 'null'),
  json('a number', '1e400'),
  json('a text', '"x"'),
  json('a list', '[1,2,3]'),
  json('half an object', '{"name":'),
  json('prototype pollution', '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}},"name":"x"}'),
  json('a deep list', DEEP),
  json('deep objects', DEEP_OBJECT),
  json('a million digits', `{"name":${'9'.repeat(100_000)}}`),
  json('too much', JSON.stringify({ name: 'x'.repeat(300_000) })),
  json('many keys', `{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":1`).join(',')}}`),
  json('zero bytes', JSON.stringify(fieldsOf('a\u0000b'))),
  json('a lone surrogate', '{"name":"\\ud800","email":"\\udfff@x"}'),
  json('nulls everywhere', JSON.stringify(fieldsOf(null))),
  json('numbers everywhere', JSON.stringify(fieldsOf(-0.5))),
  json('lists everywhere', JSON.stringify(fieldsOf([[], {}]))),
  json('objects everywhere', JSON.stringify(fieldsOf({ toString: 1, length: -1 }))),
  json('long texts everywhere', JSON.stringify(fieldsOf('ä'.repeat(2_000)))),
  json(
    'times beyond time',
    JSON.stringify({ ...fieldsOf('x'), timestamp: '+275760-09-14T00:00:00Z', inverters: [{}] }),
  ),
  {
    what: 'bytes that are no UTF-8',
    type: 'application/json',
    body: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  },
  {
    what: 'UTF-16',
    type: 'application/json; charset=utf-16',
    body: new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
  },
  { what: 'said to be packed', type: 'application/json', body: '{}', headers: { 'content-encoding': 'gzip' } },
  { what: 'XML', type: 'text/xml', body: '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>' },
  { what: 'no type at all', type: '', body: 'x=1' },
  { what: 'a type that is none', type: '/;;;=', body: 'x' },
  { what: 'an upload', type: 'multipart/form-data; boundary=x', body: '--x\r\n\r\n' },
  {
    what: 'a form with everything twice',
    type: 'application/x-www-form-urlencoded',
    body: Object.keys(fieldsOf(''))
      .map((name) => `${name}=a&${name}=b&${name}[]=c&${name}[x]=d`)
      .join('&'),
  },
  {
    what: 'a form that cannot be decoded',
    type: 'application/x-www-form-urlencoded',
    body: 'name=%E0%A4%A&_csrf=%ff&x=%',
  },
  {
    what: 'a form with __proto__',
    type: 'application/x-www-form-urlencoded',
    body: '__proto__=1&__proto__[x]=1&constructor=x&name=x',
  },
];

/** As much of a word as an address can hold: half a surrogate pair cannot be encoded. */
export function wellFormed(word: string): string {
  return word.replace(/\p{Surrogate}/gu, 'x');
}

/** Queries for every route, one for each word, under the names that routes know. */
export function hostileQuery(word: string): string {
  const names = [
    'from',
    'to',
    'bucket',
    'limit',
    'cursor',
    'channel',
    'topic',
    'token',
    'next',
    'done',
    'kind',
    'period',
    'date',
    'page',
    'to[]',
  ];
  const value = encodeURIComponent(wellFormed(word)) + (word === '%00' ? '%00' : '');
  return `?${names.map((name) => `${name}=${value}`).join('&')}&from=${value}`;
}
