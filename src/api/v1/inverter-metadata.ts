import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { MAX_CHANNELS } from '../../domain/inverter.ts';
import { callerOf, requireAccess } from '../../http/authentication.ts';
import type { TwoFactorService } from '../../services/accounts/account-services.ts';
import type { InverterService } from '../../services/services.ts';
import { watts } from './requests.ts';

const body = z.object({ rated_power: watts, number_of_mppts: z.int().min(1).max(MAX_CHANNELS) });
const shape = z.object({
  id: z.int(),
  serial_logger: z.string(),
  name: z.string(),
  rated_power: z.number().nullable().describe('W'),
  number_of_mppts: z.number().nullable(),
  sw_version: z.string().describe('always "-"; there for programs that look for it'),
});

/**
 * `POST /inverter_metadata/{serial}`: the predecessor's way (§1.3) to say what an inverter is. One of the caller's own; and anybody's for an
 * administrator who is signed in, as its collector was, with the second factor that is demanded of administrators. A key stays within
 * its account.
 */
export function inverterMetadataRoute({
  inverters,
  twoFactor,
}: {
  inverters: Pick<InverterService, 'describe'>;
  twoFactor: Pick<TwoFactorService, 'isDue'>;
}): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/inverter_metadata/:serial',
      {
        onRequest: requireAccess('full'),
        schema: { params: z.object({ serial: z.string().max(400) }), body, response: { 200: shape } },
      },
      async (request) => {
        const { id: userId } = callerOf(request);
        const { rated_power: ratedPowerW, number_of_mppts: mpptCount } = request.body;
        const anybodys = request.session !== null && !(await twoFactor.isDue(request.session.user));
        const what = { ratedPowerW, mpptCount };
        const inverter = await inverters.describe(userId, request.params.serial, what, { anybodys });
        return {
          id: inverter.id,
          serial_logger: inverter.serial,
          name: inverter.name,
          rated_power: inverter.ratedPowerW,
          number_of_mppts: inverter.mpptCount,
          sw_version: '-',
        };
      },
    );
  };
}
