import type { ComponentChildren } from 'preact';
import type { z } from 'zod';
import type { Dictionary } from '../i18n/en.ts';
import type { Language } from '../i18n/locale.ts';
import type { LiveEvent } from '../live/events.ts';
import type { Visitor } from '../services/accounts/account-services.ts';
import type { Client, Services, SessionUser, SignedIn } from '../services/services.ts';
import type { Assets } from './assets.ts';
import type { WebConfig } from './config.ts';
import type { Explain, FormState } from './form.ts';
import type { NavKey } from './layout/navigation.ts';

export interface WebDependencies {
  services: Services;
  config: WebConfig;
  assets: Assets;
  now: () => Date;
}

/**
 * `member`: somebody signed in; everybody else is sent to the sign-in page and comes back after it. `admin`: an administrator with a
 * second factor, from a network that may; to other members there is no such page.
 */
export type Access = 'public' | 'member' | 'admin';
export type UserOf<A extends Access> = A extends 'public' ? SessionUser | null : SessionUser;

/** What a page's `load` may use. `now` is one moment for the whole page. */
export interface LoadContext<A extends Access, P, Q> {
  services: Services;
  config: WebConfig;
  now: Date;
  language: Language;
  user: UserOf<A>;
  /** The session that asks; null for nobody, and for a live page that is read for many. */
  sessionId: string | null;
  visitor: Visitor;
  params: P;
  query: Q;
  /** Read for a page that is open already: what it does not push need not be read. */
  isUpdate: boolean;
}

export interface ActionContext<A extends Access, P, Q> extends LoadContext<A, P, Q> {
  /** The posted fields, checked. @throws InvalidInput naming the wrong ones */
  form<F>(schema: z.ZodType<F>): F;
  client: Client;
  startSession(signedIn: Pick<SignedIn, 'token' | 'expiresAt'>): void;
  endSession(): void;
}

export class Redirect {
  readonly to: string;
  constructor(to: string) {
    this.to = to;
  }
}

/** A POST of the page. It leads elsewhere, or shows the page again with something in its data replaced. */
export interface Action<A extends Access, P, Q, D> {
  /** The page's own path when absent. */
  path?: string;
  run(context: ActionContext<A, P, Q>): Promise<Redirect | { data: Partial<D> }>;
  /** The words for a wrong field. */
  explain?: Explain;
  /** Errors that this form shows itself, beyond wrong fields, conflicts and missing rights. */
  refusal?(error: unknown, t: Dictionary): { status: number; message: string; retryAfterS?: number } | null;
}

/** What stands around a page and is not its data. */
export interface Frame {
  language: Language;
  user: SessionUser | null;
  config: WebConfig;
  assets: Assets;
  now: Date;
  /** Reading it ties the form to the browser, so a page without a form does not. */
  readonly csrfToken: string;
  /** The form that was just refused, or null. */
  form: FormState | null;
}

export interface PageView {
  title: string;
  body: ComponentChildren;
  /** 200 when absent. */
  status?: number;
}

/** The parts of a page that change while it is open. They see no form token and no user: everybody on the topic gets the same bytes. */
export interface Live<D, P> {
  fragments(data: D): Record<string, ComponentChildren>;
  /** When this changes the page is not to be patched but loaded again (from the guide to the overview). */
  shape?(data: D): string;
  /** Whether an event matters to this page; everything that is measured or arrives when absent. */
  concerns?(event: LiveEvent, params: P): boolean;
}

export interface PageDefinition<A extends Access, P, Q, D> {
  /** Unique; also the name of its live topic (`dashboard:12`). */
  name: string;
  path: string;
  access: A;
  nav?: NavKey;
  params?: z.ZodType<P>;
  query?: z.ZodType<Q>;
  load(context: LoadContext<A, P, Q>): Promise<D | Redirect>;
  view(data: D, frame: Frame): PageView;
  live?: Live<D, P>;
  actions?: readonly Action<A, P, Q, D>[];
}
