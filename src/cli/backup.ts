import { writeBackup } from '../services/backup/write-backup.ts';
import { type InstallationContext, runAction, withDatabase } from './context.ts';
import { ProgressLine } from './progress.ts';

const BACKUP = {
  usage: 'deye-hard backup FILE [--force] [--json]',
  help: `Writes everything into one compressed file: accounts, devices, samples, energy, events. The server may go on running.
The file holds no ENCRYPTION_KEY and no AUTH_SECRET. What is stored encrypted stays so: keep the ENCRYPTION_KEY with the same care,
in another place. Passwords and API keys are in it as hashes only; sessions are not.

--force  replace FILE where it is there already`,
  argument: 'FILE',
  options: [],
  flags: ['force'],
} as const;

/** `deye-hard backup FILE`. Exit codes: 0 done, 1 failed, 2 wrong usage. */
export function backup(args: string[], context: InstallationContext): Promise<number> {
  return runAction(BACKUP, args, context, async ({ argument: file, flags, json }) => {
    const progress = new ProgressLine();
    const report = await withDatabase(context, ({ owner, encryptionKeys }) =>
      writeBackup({
        owner,
        file,
        encryptionKeys,
        force: flags.force,
        now: new Date(),
        signal: context.signal,
        onProgress: (table, rows) => progress.show(`${table}: ${rows} rows`),
      }),
    ).finally(() => progress.clear());
    if (json) {
      context.out(JSON.stringify(report));
      return;
    }
    for (const { name, rows } of report.tables) if (rows > 0) context.out(`${String(rows).padStart(12)}  ${name}`);
    context.out(
      `${file}: ${size(report.bytes)}, ${report.inverters} inverters, ${kilowattHours(report.energyWh)} kWh.\n` +
        'It needs the same ENCRYPTION_KEY when it is restored; the key is not in it.',
    );
  });
}

export function kilowattHours(wh: number): string {
  return (wh / 1000).toFixed(1);
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
