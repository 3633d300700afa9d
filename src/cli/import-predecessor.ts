import { type ImportReport, importPredecessor } from '../services/predecessor/import.ts';
import type { Tally } from '../services/predecessor/people.ts';
import { type InstallationContext, runAction, UsageError, withDatabase } from './context.ts';
import { ProgressLine } from './progress.ts';

const IMPORT = {
  usage: 'deye-hard import-predecessor DATABASE_URL [--json]',
  help: `Brings accounts (with their passwords), API keys, inverters and everything measured over from the predecessor's database, under the
numbers they had there, so that links and devices go on as they are. That database is only read; postgresql+asyncpg:// is accepted.
Run it before the first account is made here: a number or an address that is taken already is named and left out.
It can be broken off and run again, also to bring over what has come there meanwhile.`,
  argument: 'DATABASE_URL',
  options: [],
  flags: [],
} as const;

/** `deye-hard import-predecessor URL`. Exit codes: 0 done, 1 failed, 2 wrong usage. */
export function runImportPredecessor(args: string[], context: InstallationContext): Promise<number> {
  return runAction(IMPORT, args, context, async ({ argument, json }) => {
    const url = checkedUrl(argument);
    const progress = new ProgressLine();
    const report = await withDatabase(context, async (database) => {
      const pools = database.openPools();
      try {
        return await importPredecessor({
          url,
          owner: database.owner,
          ingest: pools.ingest,
          timeZone: database.timeZone,
          retentionDays: database.retentionDays,
          storeDcChannelData: database.storeDcChannelData,
          now: new Date(),
          signal: context.signal,
          onProgress: (until, copied) => progress.show(`${until.slice(0, 10)}: ${copied} samples`),
        });
      } finally {
        await pools.end();
      }
    }).finally(() => progress.clear());
    if (json) context.out(JSON.stringify(report));
    else for (const line of lines(report)) context.out(line);
  });
}

/** Not told again in an error: it holds a password. */
function checkedUrl(text: string): string {
  const plain = text.replace(/^postgres(ql)?\+\w+:\/\//, 'postgresql://');
  if (!/^postgres(ql)?:\/\//.test(plain) || !URL.canParse(plain)) {
    throw new UsageError('DATABASE_URL is of the form postgresql://user:password@host:5432/database.');
  }
  return plain;
}

function lines({ accounts, apiKeys, inverters, samples, refusals }: ImportReport): string[] {
  const tally = (what: string, { copied, alreadyThere, refused }: Tally): string =>
    `${what.padEnd(10)} ${copied} copied, ${alreadyThere} already there, ${refused} not taken`;
  const older =
    samples.tooOld > 0
      ? [`  ${samples.tooOld} are older than RETENTION_DAYS and than what is there already: left out`]
      : [];
  const late =
    samples.late > 0
      ? [`  ${samples.late} are older than others of their inverter: the worker books their energy`]
      : [];
  return [
    tally('accounts', accounts),
    tally('API keys', apiKeys),
    tally('inverters', inverters),
    tally('samples', samples),
    `  ${samples.duplicatesCollapsed} rows were there several times and were collapsed`,
    ...older,
    ...late,
    ...(refusals.length > 0 ? ['Not taken:', ...refusals.map((why) => `  ${why}`)] : []),
  ];
}
