import { Conflict, InvalidInput, NotAllowed } from '../domain/errors.ts';
import type { Dictionary } from '../i18n/en.ts';

/** A form as it came back: what was typed (never a password), what is wrong with which field, and what is wrong with all of it. */
export interface FormState {
  /** The path it was posted to, so that a page with several forms shows it at the right one. */
  action: string;
  values: Record<string, string>;
  errors: Record<string, string>;
  message: string;
}

/** Says in the reader's language what is wrong with a field; `problem` is what the schema or the service said. */
export type Explain = (t: Dictionary, field: string, problem: string, values: Record<string, string>) => string;

/** What a form may be refused with, as its status and words; null for what is no matter of the form. */
export function formRefusal(
  error: unknown,
  t: Dictionary,
  explain: Explain,
  values: Record<string, string>,
): { status: number; errors: Record<string, string>; message: string } | null {
  if (error instanceof InvalidInput || error instanceof Conflict) {
    const status = error instanceof Conflict ? 409 : 422;
    const fields = (error.details['fields'] ?? {}) as Record<string, string>;
    const errors = Object.fromEntries(
      Object.entries(fields).map(([field, problem]) => [field, explain(t, field, problem, values)]),
    );
    const general = error instanceof Conflict ? t.form.conflict : t.form.problem;
    return { status, errors, message: Object.keys(errors).length > 0 ? t.form.problem : general };
  }
  if (error instanceof NotAllowed) return { status: 403, errors: {}, message: t.form.notAllowed };
  return null;
}

/** The text fields of a posted form as they may be shown again. */
export function shownValues(body: unknown): Record<string, string> {
  const values: Record<string, string> = {};
  if (typeof body !== 'object' || body === null) return values;
  for (const [key, value] of Object.entries(body)) {
    if (typeof value === 'string' && key !== '_csrf' && !key.includes('password')) values[key] = value;
  }
  return values;
}
