import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * A route's `onSend` hook: tags its answer by what is in it, and answers 304 to whoever has that already. Weak, because the same answer
 * may go out compressed or not. The answer is somebody's own, so only his own programs may keep it, and they ask each time.
 */
export async function tagAnswer(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (reply.statusCode !== 200 || typeof payload !== 'string') return payload;
  const tag = `W/"${createHash('sha256').update(payload).digest('base64url').slice(0, 22)}"`;
  reply
    .header('etag', tag)
    .header('cache-control', 'private, no-cache')
    .header('vary', 'authorization, x-api-key, cookie');
  const known = request.headers['if-none-match']?.split(',').map((one) => one.trim()) ?? [];
  if (!known.includes(tag) && !known.includes('*')) return payload;
  reply.code(304).removeHeader('content-type').removeHeader('content-length');
  return null;
}
