import { openDatabase, prepareDatabase } from '../db/database.ts';
import { openPools } from '../db/pools.ts';
import type { Command, CommandContext } from './commands.ts';
import type { CliContext, InstallationContext } from './context.ts';
import type { IngestAccess } from './frames.ts';

/**
 * THE list of commands; the first is what runs without a name. Each is loaded only when it runs, so that a small command does not wait
 * for the web server's modules.
 */
export const commands: readonly Command[] = [
  lazy(
    'serve',
    'bring the schema up to date, then run web, collector and worker (the default)',
    async () => (await import('./serve.ts')).serve,
  ),
  lazy('migrate', 'bring the database schema forward or back', async () => (await import('./migrate.ts')).migrate),
  onDatabase('user', 'create, list, disable accounts; set a password', async () => (await import('./user.ts')).user),
  onDatabase('api-key', 'create a key for a device or a program', async () => (await import('./api-key.ts')).apiKey),
  onDatabase('inverter', 'register a device', async () => (await import('./inverter.ts')).inverter),
  onDatabase(
    'backup',
    'write everything into one file, while the server runs',
    async () => (await import('./backup.ts')).backup,
    {
      migrated: false,
    },
  ),
  onDatabase('restore', 'fill an empty database from a backup', async () => (await import('./restore.ts')).restore),
  onDatabase(
    'recompute',
    'rebuild energy from the raw samples',
    async () => (await import('./recompute.ts')).recompute,
  ),
  onDatabase(
    'import-predecessor',
    'bring everything over from the predecessor',
    async () => (await import('./import-predecessor.ts')).runImportPredecessor,
  ),
  lazy('import', 'store the readings of a CSV file', async () => {
    const { importFile } = await import('./import-file.ts');
    return { run: (args, context) => importFile(args, { ...context, openIngest: () => commandIngest(context) }) };
  }),
  lazy('frames', 'decode again what loggers sent and nothing could be made of', async () => {
    const { frames } = await import('./frames.ts');
    return { run: (args, context) => frames(args, { ...context, openIngest: () => commandIngest(context) }) };
  }),
  onDatabase('secrets', 'encrypt again with the first key', async () => (await import('./secrets.ts')).secrets),
  lazy('simulate', 'a virtual fleet that speaks the real protocols', async () => {
    const { simulate } = await import('./simulate.ts');
    return { run: (args, context) => simulate(args, context, context.signal) };
  }),
  lazy(
    'bench',
    'the performance table, beside what the machine does without us',
    async () => (await import('./bench.ts')).bench,
  ),
  lazy('config', 'every variable: meaning, value, origin', async () => (await import('./config.ts')).config),
  lazy(
    'doctor',
    'check configuration, database, isolation, clock and ports',
    async () => (await import('./doctor.ts')).doctor,
  ),
];

function lazy(name: string, summary: string, load: () => Promise<Pick<Command, 'run'>>): Command {
  return { name, summary, run: async (args, context) => (await load()).run(args, context) };
}

type OnDatabase = (args: string[], context: CliContext & InstallationContext) => Promise<number>;

/**
 * A command that works on the database as its owner, beside a running server or alone.
 * @param options `migrated` false: it takes the schema as it is, also one that is older than this version
 */
function onDatabase(
  name: string,
  summary: string,
  load: () => Promise<OnDatabase>,
  { migrated = true }: { migrated?: boolean } = {},
): Command {
  return lazy(name, summary, async () => {
    const run = await load();
    return {
      run: (args, context) => run(args, { ...context, openDatabase: () => commandDatabase(context, migrated) }),
    };
  });
}

async function commandDatabase(
  context: CommandContext,
  migrated: boolean,
): ReturnType<InstallationContext['openDatabase']> {
  const database = await openDatabase(context.config, context.log);
  try {
    // On a fresh machine the first command may well come before the first start.
    if (migrated) await prepareDatabase(database, context.log);
  } catch (error) {
    await database.release();
    throw error;
  }
  return {
    owner: (work) => database.owner(work),
    close: () => database.release(),
    authSecret: database.secrets.authSecret,
    encryptionKeys: database.secrets.encryptionKeys,
    retentionDays: context.config.retentionDays,
    storeDcChannelData: context.config.storeDcChannelData,
    openPools: () =>
      openPools({
        adminUrl: database.adminUrl,
        authSecret: database.secrets.authSecret,
        roles: database.roles,
        observe: database.observe ?? null,
        onError: (error) => context.log.warn({ err: error }, 'an idle database connection was lost'),
      }),
    timeZone: context.config.timeZone,
  };
}

async function commandIngest(context: CommandContext): Promise<IngestAccess> {
  const { config, log } = context;
  const [{ assembleIngest }, { openPools }] = await Promise.all([
    import('../ingest/assemble.ts'),
    import('../db/pools.ts'),
  ]);
  const database = await openDatabase(config, log);
  try {
    await prepareDatabase(database, log);
    const { adminUrl, roles, secrets } = database;
    const connections = { appConnections: 1, ingestConnections: 2, observe: database.observe ?? null };
    const onError = (error: Error): void => log.warn({ err: error }, 'an idle database connection was lost');
    const pools = openPools({ adminUrl, roles, authSecret: secrets.authSecret, ...connections, onError });
    const { storeDcChannelData, retentionDays, timeZone: defaultTimeZone } = config;
    const ingest = assembleIngest(pools, { storeDcChannelData, retentionDays, defaultTimeZone }, log);
    return {
      owner: (work) => database.owner(work),
      ingest,
      async close() {
        await ingest.drain();
        await pools.end();
        await database.release();
      },
    };
  } catch (error) {
    await database.release();
    throw error;
  }
}
