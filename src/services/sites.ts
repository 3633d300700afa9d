import { asTenant } from '../db/as-tenant.ts';
import type { DbPool } from '../db/pools.ts';
import { InvalidInput, NotFound } from '../domain/errors.ts';
import { isTimeZone } from '../domain/period.ts';
import { audit } from '../store/inverters.ts';
import { listSites, lockSite, writeSite } from '../store/sites.ts';
import { validName } from './names.ts';
import type { Site, SiteService } from './site-service.ts';

export function createSiteService(pool: DbPool): SiteService {
  return {
    list: (userId) => asTenant(pool, userId, (tx) => listSites(tx, userId)),

    update: (userId, siteId, change) =>
      asTenant(pool, userId, async (tx) => {
        const before = await lockSite(tx, userId, siteId);
        if (before === null) throw new NotFound(`There is no site ${siteId} in this account.`);
        const site = checked({ ...before, ...change });
        await writeSite(tx, userId, site);
        if (site.timeZone !== before.timeZone) {
          const detail = { site_id: siteId, from: before.timeZone, to: site.timeZone };
          await audit(tx, { actorId: userId, userId, action: 'site.time_zone', detail });
        }
        return site;
      }),
  };
}

function checked(site: Site): Site {
  const { timeZone, latitude, longitude } = site;
  if (!isTimeZone(timeZone)) throw new InvalidInput('That zone is not known.', { time_zone: 'not an IANA time zone' });
  if ((latitude === null) !== (longitude === null)) {
    const field = latitude === null ? 'latitude' : 'longitude';
    throw new InvalidInput('A place needs both coordinates, or neither.', { [field]: 'required with the other' });
  }
  return { ...site, name: validName(site.name) };
}
