import { type CommandContext, EXIT_FAILED } from './commands.ts';

export async function serveDemo(context: CommandContext): Promise<number> {
  context.err('not yet');
  return EXIT_FAILED;
}
