import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import '../http/request-context.ts';
import { NotFound, NotSignedIn } from '../domain/errors.ts';
import type { Client } from '../services/services.ts';
import { requireAdmin } from './admin-access.ts';
import { type Explain, type FormState, formRefusal, shownValues } from './form.ts';
import { pageQuery, parsed, parsedForm } from './input.ts';
import {
  type Access,
  type Action,
  type ActionContext,
  type Frame,
  type LoadContext,
  type PageDefinition,
  Redirect,
  type UserOf,
  type WebDependencies,
} from './page-definition.ts';
import { renderPage } from './render.tsx';
import { isFragmentRequest, languageFor } from './request.ts';

const plainWords: Explain = (t) => t.form.problem;

/** Puts a page's routes into the server; see `definePage`. */
export function registerPage<A extends Access, P, Q, D>(
  app: FastifyInstance,
  deps: WebDependencies,
  page: PageDefinition<A, P, Q, D>,
): void {
  const onRequest = hooksFor(page.access, deps);

  app.get(page.path, { onRequest }, async (request, reply) => {
    // htmx has followed a redirect to the sign-in page: that is a page of its own, not a piece of the one that was open.
    if (request.session === null && isFragmentRequest(request))
      return reply.header('hx-redirect', request.url).send('');
    const context = loadContext(deps, page, request);
    const data = await page.load(context);
    if (data instanceof Redirect) return redirect(request, reply, data.to);
    return show(data, context, null, request, reply);
  });

  for (const action of page.actions ?? []) {
    const path = action.path ?? page.path;
    app.post(path, { onRequest }, (request, reply) => act(action, request, reply));
    // Where a refused form was shown, reloading asks for its address.
    if (path !== page.path) app.get(path, { onRequest }, (_, reply) => reply.redirect(page.path, 303));
  }

  async function act(action: Action<A, P, Q, D>, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const context = actionContext(loadContext(deps, page, request), request, reply);
    let form: FormState | null = null;
    let changed: Partial<D> = {};
    try {
      const result = await action.run(context);
      if (result instanceof Redirect) return redirect(request, reply, result.to);
      changed = result.data;
    } catch (error) {
      const values = shownValues(request.body);
      const { t } = context.language;
      const special = action.refusal?.(error, t) ?? null;
      const refusal =
        special === null
          ? formRefusal(error, t, action.explain ?? plainWords, values)
          : { status: special.status, errors: {}, message: special.message };
      if (refusal === null) throw error;
      if (special?.retryAfterS !== undefined) reply.header('retry-after', String(Math.ceil(special.retryAfterS)));
      reply.code(refusal.status);
      const posted = request.url.split('?')[0] ?? request.url;
      form = { action: posted, values, errors: refusal.errors, message: refusal.message };
    }
    const data = await page.load(context);
    if (data instanceof Redirect) return redirect(request, reply, data.to);
    return show({ ...data, ...changed }, context, form, request, reply);
  }

  function show(
    data: D,
    context: LoadContext<A, P, Q>,
    form: FormState | null,
    request: FastifyRequest,
    reply: FastifyReply,
  ): FastifyReply {
    const frame: Frame = {
      language: context.language,
      user: context.user,
      config: deps.config,
      assets: deps.assets,
      now: context.now,
      form,
      get csrfToken() {
        return request.csrfToken;
      },
    };
    const view = page.view(data, frame);
    if (view.status !== undefined && reply.statusCode === 200) reply.code(view.status);
    const html = renderPage(view, frame, {
      nav: page.nav,
      isLive: page.live !== undefined,
      fragment: isFragmentRequest(request),
    });
    return reply
      .header('cache-control', 'no-store')
      .header('vary', 'HX-Request, Accept-Language')
      .type('text/html; charset=utf-8')
      .send(html);
  }
}

function loadContext<A extends Access, P, Q, D>(
  { services, config, now }: WebDependencies,
  page: PageDefinition<A, P, Q, D>,
  request: FastifyRequest,
): LoadContext<A, P, Q> {
  const user = request.session?.user ?? null;
  if (page.access !== 'public' && user === null) throw new NotSignedIn('Please sign in.');
  const nothing = (): Error => new NotFound('There is nothing at this address.');
  return {
    services,
    config,
    now: now(),
    language: languageFor(request),
    user: user as UserOf<A>,
    sessionId: request.session?.sessionId ?? null,
    visitor: { client: clientOf(request), locale: languageFor(request).locale },
    params: parsed(page.params, request.params, nothing),
    query: pageQuery(page.query, request.query),
    isUpdate: false,
  };
}

function actionContext<A extends Access, P, Q>(
  context: LoadContext<A, P, Q>,
  request: FastifyRequest,
  reply: FastifyReply,
): ActionContext<A, P, Q> {
  return {
    ...context,
    form: (schema) => parsedForm(schema, request.body),
    client: clientOf(request),
    startSession: (signedIn) => void reply.startSession(signedIn),
    endSession: () => void reply.endSession(),
  };
}

function clientOf(request: FastifyRequest): Client {
  return { address: request.ip, userAgent: request.headers['user-agent'] ?? null };
}

function hooksFor(access: Access, deps: WebDependencies) {
  if (access === 'public') return [];
  return access === 'member' ? [requireMember] : [requireAdmin(deps, requireMember, redirect)];
}

/** Sends whoever is not signed in to the sign-in page. Before the body is read and before the form token is asked for. */
async function requireMember(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  if (request.session !== null) return undefined;
  const isFragment = isFragmentRequest(request);
  // Afterwards back to the page that is open; what was posted is gone.
  const back = isFragment
    ? pathOf(request.headers['hx-current-url'])
    : request.method === 'GET' || request.method === 'HEAD'
      ? request.url
      : '/';
  return redirect(request, reply, back === '/' ? '/login' : `/login?next=${encodeURIComponent(back)}`);
}

/** Sends on, in the way the asker understands: htmx follows a header, everybody else a 303. */
export function redirect(request: FastifyRequest, reply: FastifyReply, to: string): FastifyReply {
  reply.header('cache-control', 'no-store');
  if (!isFragmentRequest(request)) return reply.redirect(to, 303);
  const isSamePage = pathOf(request.headers['hx-current-url']).split('?')[0] === to.split('?')[0];
  if (isSamePage) reply.header('hx-location', JSON.stringify({ path: to, target: '#main', swap: 'innerHTML' }));
  else reply.header('hx-redirect', to);
  return reply.code(200).type('text/html; charset=utf-8').send('');
}

function pathOf(url: string | string[] | undefined): string {
  if (typeof url !== 'string' || !URL.canParse(url)) return '/';
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}
