import type { SiteId, UserId } from '../domain/inverter.ts';

/** Where inverters stand: whose days they count by, and whose sun they see. */
export interface Site {
  id: SiteId;
  name: string;
  /** IANA name. */
  timeZone: string;
  /** Degrees north and east; both or neither, and then the zone's city counts. */
  latitude: number | null;
  longitude: number | null;
}

export interface SiteService {
  list(userId: UserId): Promise<Site[]>;
  /** What is left out stays. @throws NotFound also for another tenant's, InvalidInput */
  update(userId: UserId, siteId: SiteId, change: Partial<Omit<Site, 'id'>>): Promise<Site>;
}
