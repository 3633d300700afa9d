import { InvalidInput } from '../domain/errors.ts';

const MAX_NAME_LENGTH = 100;

/** What people call a thing, trimmed. @throws InvalidInput naming the field `name` */
export function validName(raw: string): string {
  const name = raw.trim();
  if (name.length === 0) throw new InvalidInput('The name is missing.', { name: 'required' });
  if (name.length > MAX_NAME_LENGTH) {
    throw new InvalidInput('The name is too long.', { name: `at most ${MAX_NAME_LENGTH} characters` });
  }
  return name;
}
