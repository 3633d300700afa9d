import { parseArgs } from 'node:util';
import { checkPort } from '../collector/port-check.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { detectEngine } from '../db/engines/engine.ts';
import { jobProblems, jobRightsToTake } from '../db/engines/timescale.ts';
import { migrationStatus } from '../db/migrate.ts';
import { openPools } from '../db/pools.ts';
import { isolationProblems } from '../db/self-check.ts';
import { smtpProblem } from '../mail/smtp.ts';
import { readStrangers } from '../store/claims.ts';
import { type Command, type CommandContext, EXIT_FAILED, EXIT_OK } from './commands.ts';

const DAY_MS = 86_400_000;
const USAGE = 'deye-hard doctor [--json]';

interface Check {
  name: string;
  ok: boolean;
  text: string;
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'check configuration, database, isolation, clock and ports',
  async run(args, context) {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
    if (values.help === true) {
      context.out(`${USAGE}\n\nOne line for each check; exit 1 when one failed.`);
      return EXIT_OK;
    }
    const checks: Check[] = [{ name: 'configuration', ok: true, text: context.config.hints.join(' ') || 'understood' }];
    await databaseChecks(context, checks);
    for (const [name, { host, port }] of [
      ['web port', context.config.http],
      ['collector port', context.config.collector],
    ] as const) {
      const found = await checkPort(host, port);
      // In use is what a running server looks like from beside it.
      if (found instanceof Error) checks.push({ name, ok: false, text: found.message });
      else
        checks.push({
          name,
          ok: true,
          text: found === 'free' ? `${port} is free` : `${port} is in use (a running server?)`,
        });
    }
    checks.push(await mailCheck(context));
    if (values.json === true) context.out(JSON.stringify(checks));
    else for (const c of checks) context.out(`${c.ok ? 'ok  ' : 'FAIL'} ${c.name}: ${c.text}`);
    return checks.every((c) => c.ok) ? EXIT_OK : EXIT_FAILED;
  },
};

async function mailCheck({ config }: CommandContext): Promise<Check> {
  const { smtp } = config.mail;
  if (smtp === null) return { name: 'mail', ok: true, text: 'mails are written to the log and to DATA_DIR/outbox' };
  const problem = await smtpProblem(smtp);
  return { name: 'mail', ok: problem === null, text: problem ?? `${smtp.server}:${smtp.port} lets us in` };
}

async function databaseChecks(context: CommandContext, checks: Check[]): Promise<void> {
  let database: Database;
  try {
    database = await openDatabase(context.config, context.log);
  } catch (error) {
    checks.push({ name: 'database', ok: false, text: error instanceof Error ? error.message : String(error) });
    return;
  }
  try {
    const where = database.embedded ? 'embedded' : 'DATABASE_URL';
    checks.push({ name: 'database', ok: true, text: `${where}, answers` });
    const pending = (await migrationStatus(database.migrations)).filter((m) => m.appliedAt === null);
    checks.push({
      name: 'schema',
      ok: pending.length === 0,
      text: pending.length === 0 ? 'up to date' : `${pending.length} migrations pending: deye-hard migrate up`,
    });
    if (pending.length === 0) {
      await engineChecks(database, checks);
      await servingChecks(database, checks);
      await loggerChecks(database, checks);
    }
  } catch (error) {
    checks.push({ name: 'database', ok: false, text: error instanceof Error ? error.message : String(error) });
  } finally {
    await database.release();
  }
}

/** What loggers were seen that nobody has, or that cannot be used. None of it is a fault of this installation. */
async function loggerChecks(database: Database, checks: Check[]): Promise<void> {
  const { tls, unclaimed } = await database.owner((client) => readStrangers(client, new Date(Date.now() - DAY_MS)));
  const hello = tls.map(
    ({ address, lastSeenAt }) => `a logger from ${address} tried TLS at ${lastSeenAt.toISOString()}`,
  );
  const cannot = hello.length === 0 ? '' : `; ${hello.join('; ')}: such firmware cannot be used`;
  checks.push({ name: 'loggers', ok: true, text: `${unclaimed} unclaimed ones were here within a day${cannot}` });
}

/** How samples are kept, and whether what keeps them is at work. */
async function engineChecks(database: Database, checks: Check[]): Promise<void> {
  await database.owner(async (client) => {
    const engine = await detectEngine(client);
    checks.push({ name: 'engine', ok: true, text: engine === 'timescale' ? 'TimescaleDB' : 'plain PostgreSQL' });
    if (engine !== 'timescale') return;
    const problems = await jobProblems(client);
    checks.push({
      name: 'TimescaleDB jobs',
      ok: problems.length === 0,
      text: problems.join('; ') || 'compress and remove as configured',
    });
    const statements = (await jobRightsToTake(client, database.roles.owner)).map(({ sql }) => `${sql};`);
    checks.push({
      name: 'TimescaleDB rights',
      ok: statements.length === 0,
      text:
        statements.length === 0
          ? 'only the owner makes background jobs'
          : `everybody may make background jobs; run as a superuser: ${statements.join(' ')}`,
    });
  });
}

async function servingChecks(database: Database, checks: Check[]): Promise<void> {
  const pools = openPools({
    adminUrl: database.adminUrl,
    authSecret: database.secrets.authSecret,
    roles: database.roles,
    appConnections: 1,
    ingestConnections: 1,
    onError: (error) => checks.push({ name: 'database', ok: false, text: error.message }),
  });
  try {
    for (const role of ['app', 'ingest', 'admin'] as const) {
      const problems = await isolationProblems(pools[role], role);
      checks.push({
        name: `isolation (${role})`,
        ok: problems.length === 0,
        text: problems.join('; ') || 'the database refuses what it must refuse',
      });
    }
    const { rows } = await pools.app.query<{ at: Date }>('SELECT clock_timestamp() AS at');
    const offS = Math.round(((rows[0]?.at.getTime() ?? 0) - Date.now()) / 1000);
    checks.push({ name: 'clock', ok: Math.abs(offS) <= 5, text: `the database's clock differs by ${offS} s` });
  } finally {
    await pools.end();
  }
}
