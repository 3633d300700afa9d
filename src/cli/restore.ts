import { type RestoreReport, restoreBackup } from '../services/backup/restore-backup.ts';
import { kilowattHours } from './backup.ts';
import { type InstallationContext, runAction, withDatabase } from './context.ts';
import { ProgressLine } from './progress.ts';

const RESTORE = {
  usage: 'deye-hard restore FILE [--json]',
  help: `Fills an empty database from a backup: embedded or at DATABASE_URL, plain PostgreSQL or TimescaleDB, whatever it came from.
The whole file is checked before the database is touched. All of it is restored or nothing; rows and energy are compared with
what the file says. A database that has anything in it already is refused.`,
  argument: 'FILE',
  options: [],
  flags: [],
} as const;

const STEPS = { checking: 'checking the file', restoring: 'restoring' } as const;

/** `deye-hard restore FILE`. Exit codes: 0 done, 1 failed, 2 wrong usage. */
export function restore(args: string[], context: InstallationContext): Promise<number> {
  return runAction(RESTORE, args, context, async ({ argument: file, json }) => {
    const progress = new ProgressLine();
    const report = await withDatabase(context, ({ owner, encryptionKeys }) =>
      restoreBackup({
        owner,
        file,
        encryptionKeys,
        signal: context.signal,
        onProgress: (step, part) => progress.show(`${STEPS[step]}: ${Math.floor(part * 100)} %`),
      }),
    ).finally(() => progress.clear());
    if (json) context.out(JSON.stringify(report));
    else for (const line of lines(report)) context.out(line);
    if (report.encryptionKeys !== 'same') context.err(KEY_WARNING[report.encryptionKeys]);
  });
}

const KEY_WARNING = {
  some: 'Warning: ENCRYPTION_KEY lacks one of the keys the backup was made with. What was encrypted with that one cannot be read here.',
  none: 'Warning: ENCRYPTION_KEY is not the one the backup was made with. What is stored encrypted cannot be read until it is set here.',
} as const;

function lines(report: RestoreReport): string[] {
  return [
    ...report.tables.filter(({ rows }) => rows > 0).map(({ name, rows }) => `${String(rows).padStart(12)}  ${name}`),
    ...report.inverters.map(
      ({ inverterId, energyWh }) =>
        `  inverter ${inverterId}: ${energyWh === null ? 'no energy' : `${kilowattHours(energyWh)} kWh`}`,
    ),
    `Restored as it was at ${report.createdAt}; rows and energy are as they were (${kilowattHours(report.energyWh)} kWh in all).`,
  ];
}
