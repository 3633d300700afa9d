import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { DeyeHardError } from '../domain/errors.ts';
import { issueSetupToken } from '../services/accounts/setup.ts';
import { type Command, type CommandContext, EXIT_FAILED, EXIT_OK } from './commands.ts';
import { announce, startUnlessStopped, stopped } from './console.ts';
import { serveDemo } from './demo.ts';

const HEAP_FLAGS = [
  // How much more than is in use the heap may grow before it is cleaned up. Left alone, V8 lets it triple in a storm of devices.
  '--heap-growing-percent=100',
  // When many devices wait at once, V8 learns that readings live long and makes them old from the start, for as long as the process
  // lives: then each of them costs a cleaning of the whole heap although it lives for milliseconds.
  '--no-allocation-site-pretenuring',
];

const USAGE = 'deye-hard serve [--demo]';

export const serve: Command = {
  name: 'serve',
  summary: 'bring the schema up to date, then run web, collector and worker (the default)',
  async run(args, context) {
    const { values } = parseArgs({ args, options: { demo: { type: 'boolean' }, help: { type: 'boolean' } } });
    if (values.help === true) {
      context.out(`${USAGE}\n\n--demo  a demo account and a simulated fleet, apart from your data, in DATA_DIR/demo`);
      return EXIT_OK;
    }
    for (const flag of HEAP_FLAGS) setFlagsFromString(flag);
    for (const hint of context.config.hints) context.log.warn(hint);
    return values.demo === true ? serveDemo(context) : serveUntilStopped(context);
  },
};

/** Runs until the signal; Ctrl-C is a clean stop and exits 0. */
async function serveUntilStopped(context: CommandContext): Promise<number> {
  const startedAt = performance.now();
  const running = await startUnlessStopped(context.config, context);
  if (running === null) return EXIT_OK;
  try {
    const token = context.config.roles.has('web')
      ? await running.database.owner((client) => issueSetupToken(client, new Date()))
      : null;
    announce(context, running.roles, token, performance.now() - startedAt);
    await stopped(context.signal);
    context.log.info('stopping');
    return EXIT_OK;
  } catch (error) {
    if (!(error instanceof DeyeHardError)) throw error;
    context.err(error.message);
    return EXIT_FAILED;
  } finally {
    await running.stop();
    context.log.info('stopped');
  }
}
