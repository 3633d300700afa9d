import type { FastifyInstance, FastifyRequest } from 'fastify';
import '../http/request-context.ts';
import { z } from 'zod';
import { NotFound, NotSignedIn } from '../domain/errors.ts';
import type { UserId } from '../domain/inverter.ts';
import type { LiveHub } from '../live/events.ts';
import { type SseLimits, type SseStream, SseStreams } from '../live/sse.ts';
import type { Page } from './define-page.ts';
import { parsed } from './input.ts';
import { LIVE_PATH } from './live-path.ts';
import { LiveTopics, type TopicTimes } from './live-topics.ts';
import type { WebDependencies } from './page-definition.ts';
import { languageFor } from './request.ts';

const Query = z.object({
  topic: z.string().regex(/^[a-z-]+(:[1-9]\d{0,9})?$/),
  shape: z.string().max(40).default(''),
  query: z.string().max(200).default(''),
});

export interface LiveRouteOptions {
  hub: LiveHub;
  pages: readonly Page[];
  limits?: Partial<SseLimits>;
  times?: Partial<TopicTimes>;
  /** How often an open stream asks whether its session still lives. */
  checkSessionMs?: number;
}

/** `GET /live/page?topic=…`: the changing parts of a page as they change. One stream per tab. */
export function registerLive(app: FastifyInstance, deps: WebDependencies, options: LiveRouteOptions): void {
  const streams = new SseStreams(options.limits, deps.now);
  const topics = new LiveTopics(
    options.hub,
    (error) => app.log.warn({ err: error }, 'a live page could not be read'),
    options.times,
  );
  const sources = new Map(options.pages.map((page) => [page.name, page.live]));
  app.addHook('preClose', async () => {
    streams.closeAll();
    topics.close();
  });

  app.get(LIVE_PATH, async (request, reply) => {
    const { session } = request;
    if (session === null) throw new NotSignedIn('Please sign in.');
    const noTopic = (): Error => new NotFound('There is no such topic.');
    const { topic, shape, query } = parsed(Query, request.query, noTopic);
    const [name = '', id] = topic.split(':');
    const source = sources.get(name) ?? null;
    if (source === null) throw noTopic();
    const { user, sessionId } = session;
    const language = languageFor(request);
    const asked = Object.fromEntries(new URLSearchParams(query));
    // What ends while the page is read must not be missed.
    let hasChanged = false;
    const forget = options.hub.onSessionsChanged(user.id, () => {
      hasChanged = true;
    });
    // Asked before the stream begins, so that somebody else's inverter is a 404 here as everywhere.
    const state = await source.read(deps, user, id, language, asked).finally(forget);

    const stream = streams.open(reply, String(user.id));
    const look = watchSession(request, stream, user.id, () =>
      deps.services.accounts.renew(user.id, sessionId, deps.now()),
    );
    if (hasChanged) look();
    topics.join(
      {
        key: `${user.id} ${language.tag} ${topic} ${query}`,
        userId: user.id,
        concerns: (event) => source.concerns(event, id),
        read: () => source.read(deps, user, id, language, asked),
      },
      stream,
      shape,
      state,
    );
    return reply;
  });

  /**
   * An open stream must not outlive its session: a password change or "end this session" elsewhere ends it here. That is told by the
   * database; where the line to it was lost, once it is there again; and else by looking.
   * @returns looks at once
   */
  function watchSession(
    request: FastifyRequest,
    stream: SseStream,
    userId: UserId,
    check: () => Promise<unknown>,
  ): () => void {
    const look = (): void => {
      check().catch((error: unknown) => {
        if (error instanceof NotSignedIn) stream.close();
        else request.log.warn({ err: error }, 'a live page could not check its session');
      });
    };
    const forget = options.hub.onSessionsChanged(userId, look);
    // Its time runs out without anybody saying so.
    const timer = setInterval(look, options.checkSessionMs ?? 30_000);
    stream.onClose(() => {
      clearInterval(timer);
      forget();
    });
    return look;
  }
}
