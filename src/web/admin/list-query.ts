import { z } from 'zod';

/** What is looked for in a list, and where its part begins. */
export const ListQuery = z.object({
  q: z.string().max(200).default(''),
  from: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).nullable().default(null),
});

/** The same list with other words: what is empty is left out. */
export function linkTo(path: string, query: Record<string, string | number | null>): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? path : `${path}?${text}`;
}
