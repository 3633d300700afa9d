import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { readJson, replaceFile } from './files.ts';
import { machine } from './processes.ts';

/** What is remembered of the server's last start. */
export interface ServerRecord {
  readonly port: number;
  /** Whose process numbers `postmaster.pid` speaks in; see `ProcessMark`. */
  readonly machine: string;
}

const fileOf = (runFolder: string): string => join(runFolder, 'server.json');

export async function readRecord(runFolder: string): Promise<ServerRecord | undefined> {
  return await readJson(fileOf(runFolder), (value) => {
    if (typeof value !== 'object' || value === null) return undefined;
    const { port, machine: where } = value as Record<string, unknown>;
    return typeof port === 'number' && typeof where === 'string' ? { port, machine: where } : undefined;
  });
}

/** Written before the server starts, so that whoever finds its `postmaster.pid` knows where it came from. */
export async function writeRecord(runFolder: string, port: number): Promise<void> {
  await replaceFile(fileOf(runFolder), `${JSON.stringify({ port, machine: await machine() })}\n`, 0o644);
}

/** Below the ranges from which systems hand out ports for outgoing connections, which would take it now and then. */
export const anyPort = (): number => randomInt(20_000, 30_000);
