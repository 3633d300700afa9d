/**
 * A process that holds the embedded database, to be killed by tests: `node --import tsx embedded-holder.ts DATA_DIR
 * [SYSTEM_FOLDER]`. Prints one line of JSON when it has it; gives it up and ends when its input ends or says anything.
 */
import { acquireEmbeddedPostgres } from '../../src/db/engines/embedded/embedded.ts';

const [dataDir, systemFolder] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('usage: embedded-holder.ts DATA_DIR [SYSTEM_FOLDER]');
const notes: string[] = [];
const note = (_details: object, message?: string) => notes.push(message ?? '');

const postgres = await acquireEmbeddedPostgres({
  dataDir,
  log: { info: note, warn: note },
  ...(systemFolder === undefined ? {} : { systemFolder }),
});
process.stdout.write(
  `${JSON.stringify({ url: postgres.connectionString(), port: postgres.port, dataFolder: postgres.dataFolder, notes })}\n`,
);
await new Promise((resolve) => {
  process.stdin.once('data', resolve).once('end', resolve);
});
await postgres.release();
process.exit(0);
