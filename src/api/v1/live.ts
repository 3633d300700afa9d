import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { NotAllowed, NotSignedIn } from '../../domain/errors.ts';
import { callerOf, checkAgain, requireAccess } from '../../http/authentication.ts';
import type { LiveHub } from '../../live/events.ts';
import { type SseLimits, SseStreams } from '../../live/sse.ts';
import type { InboxService, InverterService } from '../../services/services.ts';
import { AccountFeeds, type FeedTimes } from './live-feed.ts';

export interface LiveApiOptions {
  hub: LiveHub;
  inverters: Pick<InverterService, 'list' | 'currents'>;
  inbox: Pick<InboxService, 'list'>;
  now: () => Date;
  limits?: Partial<SseLimits>;
  times?: Partial<FeedTimes>;
  /** How often an open stream asks whether its key or session still lives. */
  checkMs?: number;
}

/** `GET /api/v1/live`: readings, states and devices of the account as they come, for as long as the key or session lives. */
export function liveRoutes(options: LiveApiOptions): FastifyPluginAsyncZod {
  return async (app) => {
    const { hub, inverters, inbox, now, limits = {}, times = {}, checkMs = 30_000 } = options;
    const streams = new SseStreams(limits, now);
    const onError = (error: unknown): void => app.log.warn({ err: error }, 'a live stream could not be read');
    const feeds = new AccountFeeds({ hub, inverters, inbox, now, onError, times });
    app.addHook('preClose', async () => {
      streams.closeAll();
      feeds.close();
    });

    app.get('/api/v1/live', { onRequest: requireAccess('read') }, async (request, reply) => {
      const { id } = callerOf(request);
      const stream = streams.open(reply, String(id));
      const look = (): void => {
        checkAgain(request).catch((error: unknown) => {
          if (error instanceof NotSignedIn || error instanceof NotAllowed) stream.close();
          else request.log.warn({ err: error }, 'a live stream could not check who reads it');
        });
      };
      const forget = hub.onSessionsChanged(id, look);
      const timer = setInterval(look, checkMs);
      stream.onClose(() => {
        clearInterval(timer);
        forget();
      });
      const seen = request.headers['last-event-id'];
      feeds.join(id, stream, typeof seen === 'string' ? seen : null);
      return reply;
    });
  };
}
