import { inTransactionOn, type Tx } from '../db/as-tenant.ts';
import type { Database } from '../db/database.ts';
import { addDays, dayBounds, dayRules, isTimeZone, localDate, startsOf } from '../domain/period.ts';
import * as store from '../store/energy-days.ts';
import { firstBookedQuarter } from '../store/recompute.ts';
import type { InverterKey } from '../store/refold.ts';

const DAY_MS = 86_400_000;
/** Days that are summed while the counter is locked: some tens of milliseconds. */
const DAYS_A_STEP = 31;

/** Inverters whose days are to be brought up to date. */
export async function invertersWithoutDays(database: Pick<Database, 'owner'>, now: Date): Promise<InverterKey[]> {
  return database.owner(async (client) => {
    const zones = (await store.zonesOfSites(client)).filter(isTimeZone);
    return store.invertersWithoutDays(
      client,
      zones.map((zone) => ({ zone, rules: dayRules(zone), until: lastMidnight(now, zone) })),
    );
  });
}

/**
 * Sums the quarter hours of an inverter to days of its site's zone, from where the kept ones end to the last midnight that is at least
 * a day ago: what is booked into younger ones would only have to be summed again.
 */
export async function keepDaysOf(database: Pick<Database, 'owner'>, key: InverterKey, now: Date): Promise<void> {
  await database.owner(async (client) => {
    while (await inTransactionOn(client, (tx) => step(tx, key, now)));
  });
}

/** @returns whether there is more to do */
async function step(tx: Tx, key: InverterKey, now: Date): Promise<boolean> {
  const kept = await store.lockDays(tx, key);
  if (kept === null) return false;
  const zone = kept.timeZone;
  const rules = dayRules(zone);
  const end = lastMidnight(now, zone);
  if (kept.rules !== rules) await store.forgetDays(tx, key);
  const from = kept.rules === rules && kept.until !== null ? kept.until : await firstBookedQuarter(tx, key);
  if (from === null || from >= end) {
    await store.setDays(tx, key, { until: end, rules });
    return false;
  }
  const until = earlier(end, dayBounds(addDays(localDate(from, zone), DAYS_A_STEP), zone).from);
  await store.sumDays(tx, key, [...startsOf('day', { from, to: until }, zone), until]);
  await store.setDays(tx, key, { until, rules });
  return until < end;
}

function lastMidnight(now: Date, zone: string): Date {
  return dayBounds(localDate(now.getTime() - DAY_MS, zone), zone).from;
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
