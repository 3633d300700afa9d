import { describe, expect, it } from 'vitest';
import { Conflict, InvalidInput, NotAllowed, NotFound } from '../domain/errors.ts';
import { en } from '../i18n/en.ts';
import { formRefusal, shownValues } from './form.ts';

describe('a form that comes back', () => {
  it('shows what was typed, but neither passwords nor its token nor what is not text', () => {
    const body = { name: 'Süd', password: 'a', new_password1: 'b', _csrf: 'c', list: ['d'], file: { e: 1 } };
    expect(shownValues(body)).toEqual({ name: 'Süd' });
    expect(shownValues(null)).toEqual({});
  });

  const explain = (_: unknown, field: string, problem: string): string => `${field}: ${problem}`;

  it.each([
    [new InvalidInput('x', { name: 'required' }), 422, { name: 'name: required' }, en.form.problem],
    [
      new Conflict('x', { details: { fields: { serial: 'taken' } } }),
      409,
      { serial: 'serial: taken' },
      en.form.problem,
    ],
    [new Conflict('x'), 409, {}, en.form.conflict],
    [new NotAllowed('x'), 403, {}, en.form.notAllowed],
  ])('%s', (error, status, errors, message) => {
    expect(formRefusal(error, en, explain, {})).toEqual({ status, errors, message });
  });

  it('what is no matter of the form is left to others', () => {
    expect(formRefusal(new NotFound('x'), en, explain, {})).toBeNull();
    expect(formRefusal(new Error('x'), en, explain, {})).toBeNull();
  });
});
