import type { IngestParts } from '../ingest/assemble.ts';
import { type ReplayResult, replayFrames } from '../ingest/replay-frames.ts';
import type { OwnerClient } from '../store/owner-accounts.ts';
import { type KeptDevice, listKeptDevices, listRawFrames } from '../store/raw-frames.ts';
import type { CommandIo } from './commands.ts';
import { explain, runAction, UsageError } from './context.ts';

/** The database as its owner, and the way of a reading into it, beside a running server or without one. */
export interface IngestAccess {
  owner<T>(work: (client: OwnerClient) => Promise<T>): Promise<T>;
  pool: Parameters<typeof replayFrames>[0]['pool'];
  ingest: IngestParts;
  close(): Promise<void>;
}

export interface FramesContext extends CommandIo {
  openIngest(): Promise<IngestAccess>;
}

const REPLAY = {
  usage: 'deye-hard frames replay [--inverter ID | --serial S] [--json]',
  help: `Decodes again what loggers sent and nothing could be made of: after an upgrade that knows more layouts.
What is booked is kept no longer; the rest stays. A second run finds nothing new. Beside a running server, too.

--inverter ID  only this inverter; all without it
--serial S     only this logger`,
  options: ['inverter', 'serial'],
  flags: [],
} as const;

type Outcome = KeptDevice & { result: ReplayResult | null };

/** `deye-hard frames …`. Exit codes: 0 done, 1 failed, 2 wrong usage. */
export async function frames(args: string[], context: FramesContext): Promise<number> {
  const [action, ...rest] = args;
  if (action !== 'replay') return explain(args, [REPLAY.usage], context);
  return runAction(REPLAY, rest, context, async ({ values, json }) => {
    const only = { inverterId: idOf(values.inverter), serial: values.serial?.trim().toLowerCase() ?? null };
    if (only.inverterId !== null && only.serial !== null) throw new UsageError('Either --inverter or --serial.');
    const access = await context.openIngest();
    const outcomes = await replayAll(access, only).finally(() => access.close());
    context.out(json ? JSON.stringify(toJson(outcomes)) : inWords(outcomes));
  });
}

async function replayAll(
  { owner, pool, ingest }: IngestAccess,
  only: Parameters<typeof listKeptDevices>[1],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const device of await owner((client) => listKeptDevices(client, only))) {
    const kept = await owner((client) => listRawFrames(client, device));
    outcomes.push({ ...device, result: await replayFrames({ ...ingest, pool }, device, kept, new Date()) });
  }
  return outcomes;
}

function idOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const id = Number(text);
  if (!/^\d{1,10}$/.test(text) || id < 1 || id > 2_147_483_647)
    throw new UsageError('--inverter is the number of one.');
  return id;
}

function inWords(outcomes: readonly Outcome[]): string {
  if (outcomes.length === 0) return 'Nothing is kept.';
  return outcomes
    .map(({ inverterId, serial, frames: count, result }) => {
      const what = `Inverter ${inverterId} (logger ${serial}), ${count} frames:`;
      if (result === null) return `${what} waits for a proof of whose it is; nothing was done.`;
      return `${what} ${result.stored} samples stored, ${result.known} were there already, ${result.left} frames kept on.`;
    })
    .join('\n');
}

function toJson(outcomes: readonly Outcome[]): unknown {
  return {
    items: outcomes.map(({ inverterId, serial, frames: count, result }) => ({
      inverter_id: inverterId,
      serial,
      frames: count,
      stored: result?.stored ?? 0,
      known: result?.known ?? 0,
      left: result?.left ?? count,
      waiting: result === null,
    })),
  };
}
