import type { FastifyReply, FastifyRequest } from 'fastify';
import { isListed } from '../domain/address.ts';
import { NotFound } from '../domain/errors.ts';
import type { WebDependencies } from './page-definition.ts';

type Answered = FastifyReply | undefined;

/**
 * Lets administrators pass: from a network that may, signed in (an API key is nobody here), with their second factor set up, which they
 * are led to until it is. To everybody else there is nothing at such an address.
 * @param requireMember sends whoever is not signed in to the sign-in page
 * @throws NotFound
 */
export function requireAdmin(
  { services, config }: Pick<WebDependencies, 'services' | 'config'>,
  requireMember: (request: FastifyRequest, reply: FastifyReply) => Promise<Answered>,
  redirect: (request: FastifyRequest, reply: FastifyReply, to: string) => FastifyReply,
): (request: FastifyRequest, reply: FastifyReply) => Promise<Answered> {
  const nothing = (): NotFound => new NotFound('There is nothing at this address.');
  return async (request, reply) => {
    if (config.adminAllow !== null && !isListed(request.ip, config.adminAllow)) throw nothing();
    const sent = await requireMember(request, reply);
    if (sent !== undefined) return sent;
    const user = request.session?.user;
    if (user?.isAdmin !== true) throw nothing();
    return (await services.twoFactor.isDue(user)) ? redirect(request, reply, '/account/two-factor') : undefined;
  };
}
