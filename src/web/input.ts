import { z } from 'zod';
import { InvalidInput, NotFound } from '../domain/errors.ts';

/** The number in `/dashboard/12`; anything else is no such page. */
export const IdParams = z.object({
  id: z
    .string()
    .regex(/^[1-9]\d{0,9}$/)
    .transform(Number)
    .refine((id) => id <= 0x7fffffff),
});

/** @throws what `refuse` makes of it when the input does not fit; without a schema nothing is let through */
export function parsed<T>(schema: z.ZodType<T> | undefined, input: unknown, refuse: () => Error): T {
  if (schema === undefined) return {} as T;
  const result = schema.safeParse(input);
  if (!result.success) throw refuse();
  return result.data;
}

/** What a page's address asks for. A link with a wrong query still shows the page. */
export function pageQuery<Q>(schema: z.ZodType<Q> | undefined, query: unknown): Q {
  const result = schema?.safeParse(query);
  return result?.success === true
    ? result.data
    : parsed(schema, {}, () => new NotFound('There is nothing at this address.'));
}

/** A posted form. @throws InvalidInput naming each wrong field: `required` where it is missing or empty */
export function parsedForm<F>(schema: z.ZodType<F>, body: unknown): F {
  const fields = typeof body === 'object' && body !== null ? body : {};
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  const problems: Record<string, string> = {};
  for (const { path, message } of result.error.issues) {
    const field = String(path[0] ?? '');
    const sent = (fields as Record<string, unknown>)[field];
    problems[field] ??= sent === undefined || sent === '' ? 'required' : message;
  }
  throw new InvalidInput('The form has wrong fields.', problems);
}

/** A text field: trimmed, present. */
export const requiredText = z.string().trim().min(1);

/**
 * Where to go after signing in: a path of this site and nothing else. `//host` and `/\host` are other sites to a browser, and control
 * characters are dropped by it before it looks.
 */
export function safePath(next: string | undefined): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (next === undefined || !/^\/(?![/\\])[^\\\x00-\x20\x7f]*$/.test(next)) return '/';
  return next;
}
