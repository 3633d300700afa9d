import { apiKeyHint, hashApiKey, isApiKey } from '../../crypto/api-key.ts';
import type { Tx } from '../../db/as-tenant.ts';
import { InvalidInput } from '../../domain/errors.ts';
import { normaliseSerial, type UserId } from '../../domain/inverter.ts';
import type { OldInverter, OldUser } from '../../store/predecessor.ts';
import {
  accountsLike,
  type InverterToTakeOver,
  insertAccountWithId,
  insertInverterWithId,
  insertKeyOnce,
  invertersLike,
} from '../../store/predecessor-import.ts';
import { isEmail } from '../accounts/rules.ts';
import { kindOf } from './kind.ts';

/** How many of one sort of thing were brought over, were there from an earlier run, or were not taken. */
export interface Tally {
  copied: number;
  alreadyThere: number;
  refused: number;
}

export interface PeopleReport {
  accounts: Tally;
  apiKeys: Tally;
  inverters: Tally;
  /** What was not taken, and why; one line each. */
  refusals: string[];
}

const KEY_NAME = 'Predecessor';
const MAX_TEXT = 255;
const MAX_NAME = 100;
const MAX_MPPTS = 8;

export function noPeople(): PeopleReport {
  const none = (): Tally => ({ copied: 0, alreadyThere: 0, refused: 0 });
  return { accounts: none(), apiKeys: none(), inverters: none(), refusals: [] };
}

/** @returns the accounts that are here now, under their ids */
export async function takeAccounts(
  tx: Tx,
  users: readonly OldUser[],
  settings: { timeZone: string; now: Date },
  report: PeopleReport,
): Promise<Set<UserId>> {
  const here = new Set<UserId>();
  for (const user of users) {
    const email = user.email.trim();
    const why = await obstacle(tx, user, email);
    if (why === 'already there') report.accounts.alreadyThere++;
    else if (why !== null) {
      refuse(report, 'accounts', `account ${user.id} (${email}): ${why}`);
      continue;
    } else {
      await insertAccountWithId(tx, {
        id: user.id,
        email,
        passwordHash: user.passwordHash,
        firstName: user.firstName.slice(0, MAX_TEXT),
        lastName: user.lastName.slice(0, MAX_TEXT),
        isAdmin: user.isSuperuser,
        verifiedAt: user.isVerified ? settings.now : null,
        disabledAt: user.isActive ? null : settings.now,
        timeZone: settings.timeZone,
      });
      report.accounts.copied++;
    }
    here.add(user.id);
    if (user.apiKey !== null && user.apiKey !== '') await takeKey(tx, user.id, user.apiKey, settings.now, report);
  }
  return here;
}

async function obstacle(tx: Tx, user: OldUser, email: string): Promise<string | null> {
  if (!isEmail(email)) return 'its address is not one';
  if (!/^\$(argon2(id|i|d)|2[aby])\$/.test(user.passwordHash))
    return 'its password is stored in a form that cannot be checked';
  for (const other of await accountsLike(tx, user.id, email)) {
    const sameEmail = other.email.toLowerCase() === email.toLowerCase();
    if (other.id === user.id && sameEmail) return 'already there';
    return sameEmail ? `the address belongs to account ${other.id} here` : `the number belongs to ${other.email} here`;
  }
  return null;
}

/** Kept as its hash: the devices go on with the key they have. */
async function takeKey(tx: Tx, userId: UserId, text: string, now: Date, report: PeopleReport): Promise<void> {
  const key = text.trim();
  if (!isApiKey(key)) {
    refuse(
      report,
      'apiKeys',
      `API key of account ${userId}: not of the form XXXX-XXXX-XXXX-XXXX; its devices need a new one`,
    );
    return;
  }
  const outcome = await insertKeyOnce(tx, {
    userId,
    hash: hashApiKey(key),
    hint: apiKeyHint(key),
    name: KEY_NAME,
    now,
  });
  if (outcome.userId !== userId)
    refuse(report, 'apiKeys', `API key of account ${userId}: account ${outcome.userId} has the same`);
  else if (outcome.inserted) report.apiKeys.copied++;
  else report.apiKeys.alreadyThere++;
}

/** @returns the inverters that are here now, under their ids */
export async function takeInverters(
  tx: Tx,
  inverters: readonly OldInverter[],
  accounts: ReadonlySet<UserId>,
  report: PeopleReport,
): Promise<Map<number, InverterToTakeOver>> {
  const here = new Map<number, InverterToTakeOver>();
  for (const old of inverters) {
    const taken = await takeInverter(tx, old, accounts);
    if (typeof taken === 'string') {
      refuse(report, 'inverters', `inverter ${old.id} (${old.serial}): ${taken}`);
      continue;
    }
    report.inverters[taken.isNew ? 'copied' : 'alreadyThere']++;
    here.set(old.id, taken.inverter);
  }
  return here;
}

async function takeInverter(
  tx: Tx,
  old: OldInverter,
  accounts: ReadonlySet<UserId>,
): Promise<{ inverter: InverterToTakeOver; isNew: boolean } | string> {
  if (old.userId === null) return 'its account was deleted there';
  if (!accounts.has(old.userId)) return `its account ${old.userId} was not taken`;
  const kind = kindOf(old.serial);
  let serial: string;
  try {
    serial = normaliseSerial(old.serial, kind);
  } catch (error) {
    if (error instanceof InvalidInput) return error.message;
    throw error;
  }
  const inverter: InverterToTakeOver = {
    id: old.id,
    userId: old.userId,
    kind,
    serial,
    name:
      old.name
        .replace(/\p{Cc}/gu, ' ')
        .trim()
        .slice(0, MAX_NAME) || serial,
    ratedPowerW: old.ratedPowerW !== null && old.ratedPowerW > 0 ? old.ratedPowerW : null,
    mpptCount: old.mpptCount !== null && old.mpptCount >= 1 && old.mpptCount <= MAX_MPPTS ? old.mpptCount : null,
  };
  for (const other of await invertersLike(tx, inverter)) {
    const same =
      other.id === inverter.id && other.userId === inverter.userId && other.serial === serial && other.kind === kind;
    if (same) return { inverter, isNew: false };
    return other.id === inverter.id
      ? `the number belongs to ${other.kind} ${other.serial} here`
      : `the serial belongs to inverter ${other.id} here`;
  }
  await insertInverterWithId(tx, inverter);
  return { inverter, isNew: true };
}

function refuse(report: PeopleReport, what: 'accounts' | 'apiKeys' | 'inverters', why: string): void {
  report[what].refused++;
  report.refusals.push(why);
}
