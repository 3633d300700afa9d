import type { Config } from '../config.ts';
import { type RunningProcess, startProcess } from '../roles/process.ts';
import type { CommandContext } from './commands.ts';

/** What a newcomer must read: the address, and the way to the first account. */
export function announce(
  context: Pick<CommandContext, 'out' | 'config'>,
  roles: readonly { name: string; address: string | null }[],
  setupToken: string | null,
  startMs: number,
): void {
  const lines = ['', `  Deye Hard is ready (${(startMs / 1000).toFixed(1)} s).`, ''];
  for (const role of roles) if (role.address !== null) lines.push(`  ${role.name.padEnd(10)} ${role.address}`);
  const { baseUrl, publicUrl } = context.config;
  const isServed = roles.some((role) => role.name === 'web');
  const isElsewhere = publicUrl.href !== baseUrl.href;
  if (isServed && isElsewhere) lines.push(`  ${'on phones'.padEnd(10)} ${publicUrl.href}`);
  if (setupToken !== null) {
    const link = (base: URL): string => `  ${new URL(`/setup?token=${setupToken}`, base).href}`;
    lines.push('', '  There is no administrator yet. Open this link once to create the first account:', link(baseUrl));
    // A machine without a screen is set up from another one.
    if (isElsewhere) lines.push('  or, from another device:', link(publicUrl));
  }
  context.out(`${lines.join('\n')}\n`);
}

/** Null when Ctrl-C came before it was ready: that is what was wanted, not a failure. */
export async function startUnlessStopped(
  config: Config,
  { log, signal }: Pick<CommandContext, 'log' | 'signal'>,
): Promise<RunningProcess | null> {
  try {
    return await startProcess(config, log, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    log.info('stopped before it was ready');
    return null;
  }
}

export function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
