import type pg from 'pg';
import { ConfigError } from '../../domain/errors.ts';

type Client = Pick<pg.Client, 'query'>;

/** What the configuration says about hypertables. */
export interface TimescaleSettings {
  /** COMPRESS_AFTER_DAYS: chunks that ended so long ago go to columnstore. */
  compressAfterDays: number;
  /** RETENTION_DAYS: chunks of samples that ended so long ago are dropped. Energy is kept for ever. */
  retentionDays: number;
  /** SPACE_PARTITIONS: by account, of chunks that are yet to be made. */
  spacePartitions: number;
}

interface Hypertable {
  name: string;
  /** One inverter's (input's) values lie together, and a query for one opens nobody else's. */
  segmentBy: string;
  isRaw: boolean;
}

const HYPERTABLES: readonly Hypertable[] = [
  { name: 'ac_sample', segmentBy: 'user_id, inverter_id', isRaw: true },
  { name: 'dc_sample', segmentBy: 'user_id, inverter_id, channel', isRaw: true },
  { name: 'energy_15m', segmentBy: 'user_id, inverter_id', isRaw: false },
];
const ORDER_BY = 'ts';

/** Any constant number does; it only has to be the same in every process. */
const CONFIGURE_LOCK = 7_235_402;

/** The first version with columnstore under this name. */
const OLDEST_VERSION = [2, 18] as const;

/** Whoever may execute these keeps processes busy in the server's background, or ends the maintenance of others. */
const JOB_FUNCTIONS = ['add_job', 'alter_job', 'delete_job', 'run_job'];

/**
 * Columnstore, its policy, retention and partitioning by account as the configuration says. Runs as the owner after the migrations of
 * every start; where all is so already it changes nothing and locks no table.
 * @throws ConfigError when TimescaleDB is too old
 */
export async function configureTimescale(owner: Client, settings: TimescaleSettings): Promise<void> {
  await assertVersion(owner);
  await owner.query('BEGIN');
  try {
    await owner.query('SELECT pg_advisory_xact_lock($1)', [CONFIGURE_LOCK]);
    for (const table of HYPERTABLES) {
      await enableColumnstore(owner, table);
      await keepPolicy(owner, table, COMPRESSION, settings.compressAfterDays);
      if (!table.isRaw) continue;
      await keepPolicy(owner, table, RETENTION, settings.retentionDays);
      await partitionByAccount(owner, table, settings.spacePartitions);
    }
    await owner.query('COMMIT');
  } catch (error) {
    await owner.query('ROLLBACK');
    throw error;
  }
}

async function assertVersion(client: Client): Promise<void> {
  const { rows } = await client.query<{ version: string }>(
    `SELECT extversion AS version FROM pg_extension WHERE extname = 'timescaledb'`,
  );
  const version = rows[0]?.version ?? 'none';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_VERSION;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new ConfigError(
    `The samples lie in hypertables, for which TimescaleDB ${OLDEST_VERSION.join('.')} or newer is needed; this is ${version}.`,
  );
}

async function enableColumnstore(owner: Client, { name, segmentBy }: Hypertable): Promise<void> {
  const { rows } = await owner.query<{ segmentBy: string; orderBy: string }>(
    `SELECT replace(segmentby, ',', ', ') AS "segmentBy", orderby AS "orderBy"
     FROM timescaledb_information.hypertable_columnstore_settings WHERE hypertable = format('store.%I', $1::text)::regclass`,
    [name],
  );
  const [is] = rows;
  if (is?.segmentBy === segmentBy && is.orderBy === ORDER_BY) return;
  // Chunks that are compressed already stay as they are.
  await owner.query(
    `ALTER TABLE store.${name} SET (timescaledb.enable_columnstore, timescaledb.segmentby = '${segmentBy}',
       timescaledb.orderby = '${ORDER_BY}')`,
  );
}

interface Policy {
  procedure: string;
  /** Where the job's configuration keeps the age. */
  key: string;
  /** $1: table, $2: age */
  add: string;
}

const COMPRESSION: Policy = {
  procedure: 'policy_compression',
  key: 'compress_after',
  add: 'CALL public.add_columnstore_policy($1::regclass, after => $2::interval)',
};
const RETENTION: Policy = {
  procedure: 'policy_retention',
  key: 'drop_after',
  add: 'SELECT public.add_retention_policy($1::regclass, drop_after => $2::interval)',
};

/** Made as the owner of the table, a job also runs as that; it needs a LOGIN role for it. */
async function keepPolicy(owner: Client, { name }: Hypertable, policy: Policy, days: number): Promise<void> {
  const age = `${days} days`;
  const { rows } = await owner.query<{ id: number; isSo: boolean }>(
    `SELECT job_id AS id, (config ->> $2)::interval = $3::interval AS "isSo" FROM timescaledb_information.jobs
     WHERE hypertable_schema = 'store' AND hypertable_name = $1 AND proc_name = $4`,
    [name, policy.key, age, policy.procedure],
  );
  const [job] = rows;
  if (job === undefined) await owner.query(policy.add, [`store.${name}`, age]);
  else if (!job.isSo) {
    await owner.query(
      `SELECT public.alter_job(job_id, config => jsonb_set(config, ARRAY[$2], to_jsonb($3::text)))
       FROM timescaledb_information.jobs WHERE job_id = $1`,
      [job.id, policy.key, age],
    );
  }
}

async function partitionByAccount(owner: Client, { name }: Hypertable, partitions: number): Promise<void> {
  await owner.query(
    `SELECT public.set_number_partitions(format('store.%I', $1::text)::regclass, $2, 'user_id')
     FROM timescaledb_information.dimensions
     WHERE hypertable_schema = 'store' AND hypertable_name = $1 AND column_name = 'user_id' AND num_partitions <> $2`,
    [name, partitions],
  );
}

/**
 * Keeps the functions that make and change background jobs for the owner, who needs them; TimescaleDB gives them to everybody. Runs as the
 * DATABASE_URL login at every start, because an update of the extension gives them out again.
 * @returns false where this login may not: then a superuser has to (`jobRightsToTake`)
 */
export async function reserveJobs(admin: Client, ownerRole: string): Promise<boolean> {
  let isDone = true;
  for (const { sql, isOurs } of await jobRightsToTake(admin, ownerRole)) {
    if (isOurs) await admin.query(sql);
    else isDone = false;
  }
  return isDone;
}

/** The statements that are left to do for that, and whether this login may run them. */
export async function jobRightsToTake(db: Client, ownerRole: string): Promise<{ sql: string; isOurs: boolean }[]> {
  const { rows } = await db.query<{ sql: string; isOurs: boolean }>(
    `SELECT format(action, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, n.nspname, p.proname,
              pg_get_function_identity_arguments(p.oid), $2::text) AS sql, pg_has_role(p.proowner, 'USAGE') AS "isOurs"
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
       JOIN pg_extension e ON e.oid = d.refobjid
       CROSS JOIN (VALUES ('GRANT EXECUTE ON %s %I.%I(%s) TO %I'), ('REVOKE EXECUTE ON %s %I.%I(%s) FROM PUBLIC')) a (action)
     WHERE e.extname = 'timescaledb' AND p.proname = ANY ($1) AND has_function_privilege('public', p.oid, 'EXECUTE')
     ORDER BY p.oid, action`,
    [JOB_FUNCTIONS, ownerRole],
  );
  return rows;
}

/**
 * What is wrong with the jobs that compress and drop chunks, a line each: one whose last run failed (with the server's reason), that is
 * switched off, or that nobody starts. A server whose jobs fail goes on serving, and fills its disk.
 */
export async function jobProblems(owner: Client): Promise<string[]> {
  const { rows } = await owner.query<{ job: string; problem: string }>(
    `SELECT format('%s of %s (job %s)', j.proc_name, j.hypertable_name, j.job_id) AS job, p.problem
     FROM timescaledb_information.jobs j LEFT JOIN timescaledb_information.job_stats s USING (job_id)
       LEFT JOIN LATERAL (SELECT e.err_message FROM timescaledb_information.job_errors e
                          WHERE e.job_id = j.job_id ORDER BY e.start_time DESC LIMIT 1) e ON true
       CROSS JOIN LATERAL (SELECT CASE
         WHEN NOT j.scheduled THEN 'is switched off'
         WHEN s.last_run_status = 'Failed'
           THEN format('failed at %s: %s', s.last_run_started_at, coalesce(e.err_message, 'see the server''s log'))
         WHEN s.job_status = 'Running' THEN NULL
         WHEN s.next_start < now() - interval '1 hour'
           THEN format('was to run at %s: are there background workers left (timescaledb.max_background_workers)?', s.next_start)
         WHEN s.last_run_started_at IS NULL AND (SELECT created_at FROM store.installation) < now() - interval '1 day'
           THEN 'never ran: are there background workers left (timescaledb.max_background_workers)?'
         END AS problem) p
     WHERE j.hypertable_schema = 'store' AND p.problem IS NOT NULL ORDER BY j.job_id`,
  );
  return rows.map(({ job, problem }) => `${job} ${problem}`);
}
