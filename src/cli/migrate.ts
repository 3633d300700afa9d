import { readdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openDatabase, prepareDatabase } from '../db/database.ts';
import { migrateDown, migrateUp, migrationStatus } from '../db/migrate.ts';
import { type Command, EXIT_OK, EXIT_USAGE } from './commands.ts';

const USAGE = `deye-hard migrate up|down|status [--to NAME] [--json]
       deye-hard migrate new NAME`;

export const migrate: Command = {
  name: 'migrate',
  summary: 'bring the database schema forward or back',
  async run(args, context) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { to: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
    });
    const [action, name] = positionals;
    if (values.help === true) {
      context.out(`${USAGE}\n\n--to NAME  stop at this migration; "none" takes everything back (down only)`);
      return EXIT_OK;
    }
    if (action === 'new' && name !== undefined) {
      context.out(await newMigration(name));
      return EXIT_OK;
    }
    if (action !== 'up' && action !== 'down' && action !== 'status') {
      context.err(USAGE);
      return EXIT_USAGE;
    }
    const database = await openDatabase(context.config, context.log);
    try {
      // Roles must be there before a migration can grant to them; `up` without a target also makes them.
      if (action === 'up' && values.to === undefined) {
        const run = await prepareDatabase(database, context.log);
        report(run.changed, values.json === true, context.out);
      } else if (action === 'status') {
        const states = await migrationStatus(database.migrations);
        if (values.json === true) context.out(JSON.stringify(states));
        else for (const s of states) context.out(`${s.appliedAt === null ? 'pending ' : 'applied '} ${s.name}`);
      } else {
        const run =
          action === 'up' ? migrateUp(database.migrations, values.to) : migrateDown(database.migrations, values.to);
        report((await run).changed, values.json === true, context.out);
      }
      return EXIT_OK;
    } finally {
      await database.release();
    }
  },
};

function report(changed: { name: string; direction: string }[], json: boolean, out: (text: string) => void): void {
  if (json) out(JSON.stringify(changed));
  else if (changed.length === 0) out('nothing to do');
  else for (const { name, direction } of changed) out(`${direction === 'Up' ? 'applied' : 'taken back'} ${name}`);
}

async function newMigration(name: string): Promise<string> {
  const folder = new URL('../../migrations/', import.meta.url);
  const numbers = (await readdir(folder)).map((file) => Number.parseInt(file, 10)).filter((n) => !Number.isNaN(n));
  const number = String(Math.max(0, ...numbers) + 1).padStart(4, '0');
  const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, '_');
  const file = new URL(`${number}_${slug}.sql`, folder);
  await writeFile(file, `-- ${name}\n\n-- migrate:up\n\n-- migrate:down\n`, { flag: 'wx' });
  return `migrations/${number}_${slug}.sql`;
}
