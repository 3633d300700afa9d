import type { z } from 'zod';

/** What the document says of one operation beside what its own schemas say. */
export interface Operation {
  tag: Tag;
  summary: string;
  description?: string;
  /** Of the answer in JSON to a request that succeeds. */
  example?: unknown;
  /** Of the body in JSON. */
  bodyExample?: unknown;
  /** What the route reads by itself, so that a wrong part never costs the others. */
  body?: z.ZodType;
  /** In place of what the route's schema says: 204, files and streams, and what devices are answered. */
  answers?: Readonly<Record<number, Answer>>;
  /** When it is refused with 409. */
  conflict?: string;
  /** Whether it is answered 404 although nothing is named in its address. */
  mayBeAbsent?: boolean;
  /** Whether it is rationed although it is for everybody. */
  isLimited?: boolean;
}

export interface Answer {
  description: string;
  /** Of `application/json`. */
  schema?: z.ZodType;
  /** Whether it may be an ordinary error as well. */
  orError?: boolean;
  /** Media types other than JSON, with an example of each. */
  text?: Readonly<Record<string, string>>;
}

export const TAGS = {
  Inverters: 'What there is, and what it does now.',
  Statistics: 'Power and energy over time. The figures are those of the pages: they come from the same functions.',
  Export: 'Everything measured, as a file.',
  Live: 'What happens, as it happens.',
  Readings: 'Sending measurements. Sending them again changes nothing.',
  Devices: 'What pushes and is not registered yet, and the loggers behind Solarman inverters.',
  Account: 'The account, its sites, keys and sessions.',
  Server: 'Signing in as a program, and whether the server is well.',
} as const;
export type Tag = keyof typeof TAGS;
