import { z } from 'zod';
import { InvalidInput } from '../domain/errors.ts';

/** A new password typed twice, under the predecessor's names. */
export const newPasswordFields = {
  new_password1: z.string().min(1),
  new_password2: z.string().min(1),
};

/** @throws InvalidInput when the two are not the same */
export function sameTwice(form: { new_password1: string; new_password2: string }): string {
  if (form.new_password1 !== form.new_password2) {
    throw new InvalidInput('The two passwords are not the same.', { new_password2: 'not the same' });
  }
  return form.new_password1;
}
