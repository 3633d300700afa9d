import { parseArgs } from 'node:util';
import { type Command, EXIT_OK } from './commands.ts';

const USAGE = 'deye-hard config [--json]';

export const config: Command = {
  name: 'config',
  summary: 'every variable: meaning, value, origin',
  async run(args, context) {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
    if (values.help === true) {
      context.out(
        `${USAGE}\n\nPrints every variable this system reads, what it means, its value (secrets masked) and where it comes from.`,
      );
      return EXIT_OK;
    }
    const { variables } = context.config;
    if (values.json === true) {
      context.out(JSON.stringify(variables));
      return EXIT_OK;
    }
    const width = Math.max(...variables.map((v) => v.name.length));
    for (const v of variables) {
      context.out(
        `${v.name.padEnd(width)}  ${v.value ?? '(unset)'}  [${v.origin}]\n${' '.repeat(width)}  ${v.meaning}`,
      );
    }
    for (const hint of context.config.hints) context.out(`hint: ${hint}`);
    return EXIT_OK;
  },
};
