import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Command, EXIT_FAILED, EXIT_OK } from './commands.ts';

const USAGE = 'deye-hard bench [--quick | --full] [--json FILE] [--write]';
/** The benchmark is part of the sources: it brings its own load and bare servers, which nobody needs where the program only runs. */
const SCRIPT = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));

/** Of the program's own folder, wherever it is called from; null where only what it runs with was installed. */
function ownLoader(): string | null {
  try {
    return import.meta.resolve('tsx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}

export const bench: Pick<Command, 'run'> = {
  async run(args, { out, err, signal }) {
    const { values } = parseArgs({
      args,
      options: {
        quick: { type: 'boolean' },
        full: { type: 'boolean' },
        json: { type: 'string' },
        write: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    if (values.help === true) {
      out(`${USAGE}

Measures the program beside what this machine does without it, on a database of its own; docs/performance.md says how to read it.

--quick      less of everything, under two minutes (the default)
--full       under fifteen minutes
--json FILE  {figures, ratios} by name
--write      puts the tables into docs/performance.md`);
      return EXIT_OK;
    }
    if (!existsSync(SCRIPT)) {
      err('The benchmark is part of the sources: run it in a clone, after npm ci.');
      return EXIT_FAILED;
    }
    const loader = ownLoader();
    if (loader === null) {
      err('The benchmark needs what npm ci installs for development: run npm ci without --omit=dev.');
      return EXIT_FAILED;
    }
    const child = spawn(process.execPath, ['--import', loader, SCRIPT, ...args], { stdio: 'inherit', signal });
    return new Promise((resolve) => {
      child.on('error', (error) => {
        err(error.message);
        resolve(EXIT_FAILED);
      });
      child.on('exit', (code) => resolve(code === 0 ? EXIT_OK : EXIT_FAILED));
    });
  },
};
