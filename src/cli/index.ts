import type { Command } from './commands.ts';
import { config } from './config.ts';
import { doctor } from './doctor.ts';
import { migrate } from './migrate.ts';
import { serve } from './serve.ts';

/** THE list of commands; the first is what runs without a name. */
export const commands: readonly Command[] = [serve, migrate, config, doctor];
