import { Conflict } from '../domain/errors.ts';
import { DEVICE_KINDS, normaliseSerial } from '../domain/inverter.ts';
import { addActiveInverter } from '../store/owner-accounts.ts';
import { accountIdOf } from './account-lookup.ts';
import { type CliContext, explain, runAction, UsageError, withDatabase } from './context.ts';

const MAX_NAME_LENGTH = 100;
const MAX_RATED_POWER_W = 1_000_000;

const ADD = {
  usage: `deye-hard inverter add --email E --serial S --name N --kind ${DEVICE_KINDS.join('|')}
                       [--time-zone Z] [--rated-power W] [--json]`,
  help: `Registers a device for an account. Whoever may run this command has proven enough: it is active at once.

--serial S       for solarman the number printed on the logger, else the inverter's serial number
--time-zone Z    IANA name, e.g. Europe/Berlin; the account's site in that zone is used, or made
--rated-power W  what the inverter is built for, in whole watts`,
  required: ['email', 'serial', 'name', 'kind'],
  options: ['email', 'serial', 'name', 'kind', 'time-zone', 'rated-power'],
  flags: [],
} as const;

/** `deye-hard inverter …`. Exit codes: 0 done, 1 failed, 2 wrong usage. */
export async function inverter(args: string[], context: CliContext): Promise<number> {
  const [action, ...rest] = args;
  if (action !== 'add') return explain(args, [ADD.usage], context);
  return runAction(ADD, rest, context, async ({ values, json }) => {
    const kind = DEVICE_KINDS.find((known) => known === values.kind);
    if (kind === undefined) throw new UsageError(`--kind is one of ${DEVICE_KINDS.join(', ')}.`);
    const toAdd = {
      kind,
      serial: normaliseSerial(values.serial ?? '', kind),
      name: checkedName(values.name ?? ''),
      ratedPowerW: checkedPower(values['rated-power']),
      timeZone: checkedZone(values['time-zone']),
    };
    const id = await withDatabase(context, ({ owner }) =>
      owner(async (client) => addActiveInverter(client, await accountIdOf(client, values.email ?? ''), toAdd)),
    ).catch((error: unknown) => {
      if (!(error instanceof Conflict)) throw error;
      throw new Conflict(`The logger ${toAdd.serial} is active in another account.`, { cause: error });
    });
    if (id === null) throw new Conflict(`The account has the ${kind} device ${toAdd.serial} already.`);
    const { serial, name } = toAdd;
    if (json) context.out(JSON.stringify({ id, serial, name, kind }));
    else context.out(`Inverter ${id} "${name}" (${kind} ${serial}) is registered and active.`);
  });
}

function checkedName(text: string): string {
  const name = text.trim();
  if (name.length > MAX_NAME_LENGTH || /\p{Cc}/u.test(name)) {
    throw new UsageError(`--name is at most ${MAX_NAME_LENGTH} printable characters.`);
  }
  return name;
}

function checkedPower(text: string | undefined): number | null {
  if (text === undefined) return null;
  const watts = Number(text);
  if (!/^\d+$/.test(text) || watts < 1 || watts > MAX_RATED_POWER_W) {
    throw new UsageError(`--rated-power is a whole number of watts from 1 to ${MAX_RATED_POWER_W}.`);
  }
  return watts;
}

function checkedZone(text: string | undefined): string | null {
  if (text === undefined) return null;
  try {
    // `+02:00` is no place with summer time, and PostgreSQL reads its sign the other way round.
    if (!/^[A-Za-z]/.test(text)) throw new RangeError(text);
    // In the spelling of the zone database, which PostgreSQL reads too.
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--time-zone: there is no zone "${text}".`);
    throw error;
  }
}
