import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD } from '../../../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';

let web: FakeWeb;
beforeEach(async () => {
  web = await fakeWeb();
});
afterEach(() => web.app.close());

const NOBODY = { as: 'nobody', headers: { 'accept-language': 'de' } } as const;
const PATH = '/setup?token=setup-token';
const FORM = { first_name: 'Erika', last_name: 'Muster', email: 'erika@example.org', password: PASSWORD };

describe('the one-time link', () => {
  it('makes the first administrator and signs in', async () => {
    expect(textOf((await web.get(PATH, NOBODY)).body)).toContain('Legen Sie den ersten Administrator an.');
    const answer = await web.post(PATH, FORM, NOBODY);
    expect(answer.statusCode).toBe(303);
    expect(answer.headers['location']).toBe('/');
    expect(answer.cookies.map(({ name }) => name)).toContain('fastapiusersauth');
    expect(web.services.setupToken).toBeNull();
  });

  it.each(['/setup', '/setup?token=', '/setup?token=other', '/setup?token=a&token=b'])(
    'is refused when it is another: %s',
    async (path) => {
      const answer = await web.get(path, NOBODY);
      expect(answer.statusCode).toBe(403);
      expect(textOf(answer.body)).toContain('Dieser Link gilt nicht mehr');
      expect((await web.post(path, FORM, NOBODY)).statusCode).toBe(403);
      expect(web.services.setupToken).toBe('setup-token');
    },
  );

  it('works once', async () => {
    await web.post(PATH, FORM, NOBODY);
    expect((await web.post(PATH, FORM, NOBODY)).statusCode).toBe(403);
  });

  it('says at the field what is wrong, and keeps what was right', async () => {
    const answer = await web.post(PATH, { ...FORM, email: 'erika', password: 'kurz-kurz'.slice(0, 4) }, NOBODY);
    expect(answer.statusCode).toBe(422);
    expect(textOf(answer.body)).toContain('Bitte prüfen Sie die E-Mail-Adresse.');
    expect(textOf(answer.body)).toContain('Mindestens 8 Zeichen, nicht die E-Mail-Adresse');
    expect(answer.body).toContain('value="Erika"');
    expect(web.services.setupToken).toBe('setup-token');
  });
});
