import { Conflict } from '../domain/errors.ts';
import type { IngestParts } from '../ingest/assemble.ts';
import { type DecodedAgain, replayDecoded } from '../ingest/replay-decoded.ts';
import { type ReplayResult, replayFrames } from '../ingest/replay-frames.ts';
import type { OwnerClient } from '../store/owner-accounts.ts';
import { type KeptDevice, listKeptDevices, listRawFrames } from '../store/raw-frames.ts';
import { recomputeChanged } from '../worker/recompute-changed.ts';
import type { CommandIo } from './commands.ts';
import { explain, runAction, UsageError } from './context.ts';

/** The database as its owner, and the way of a reading into it, beside a running server or without one. */
export interface IngestAccess {
  owner<T>(work: (client: OwnerClient) => Promise<T>): Promise<T>;
  ingest: IngestParts;
  close(): Promise<void>;
}

export interface FramesContext extends CommandIo {
  openIngest(): Promise<IngestAccess>;
}

const REPLAY = {
  usage: 'deye-hard frames replay [--inverter ID | --serial S] [--json]',
  help: `Decodes again what loggers sent: after an upgrade that knows more layouts, or reads one better. Beside a running server, too.
Frames nothing could be made of are booked as far as they are understood now, and kept no longer; the rest stays.
Frames that were understood (kept where RAW_FRAME_DAYS says so) put what they say now in the place of what they said, and
the energy of that time is rebuilt. A second run changes nothing.

--inverter ID  only this inverter; all without it
--serial S     only this logger`,
  options: ['inverter', 'serial'],
  flags: [],
} as const;

type Outcome = KeptDevice & { result: (ReplayResult & Pick<DecodedAgain, 'changed'>) | null };

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
  { owner, ingest }: IngestAccess,
  only: Parameters<typeof listKeptDevices>[1],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const device of await owner((client) => listKeptDevices(client, only))) {
    const kept = await owner((client) => listRawFrames(client, device));
    const result = await replayFrames(ingest, device, kept, new Date());
    const again = result === null ? null : await replayDecoded({ ...ingest, owner }, device, new Date());
    if (again !== null) await rebuild(owner, device, again);
    outcomes.push({
      ...device,
      result: result === null || again === null ? null : { ...result, changed: again.changed },
    });
  }
  return outcomes;
}

/** The energy of the changed samples. @throws Conflict, saying what is left to be done */
async function rebuild(owner: IngestAccess['owner'], device: KeptDevice, { range }: DecodedAgain): Promise<void> {
  if (range === null) return;
  try {
    await recomputeChanged({ owner }, device, range, new Date());
  } catch (error) {
    const days = `from ${range.from.toISOString()} to ${range.to.toISOString()}`;
    const what = `The samples of inverter ${device.inverterId} ${days} are changed, their energy is not: see deye-hard recompute.`;
    throw new Conflict(what, { cause: error });
  }
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
    .map(({ inverterId, serial, frames: count, decoded, result }) => {
      const what = `Inverter ${inverterId} (logger ${serial}), ${count + decoded} frames:`;
      if (result === null) return `${what} waits for a proof of whose it is; nothing was done.`;
      const { stored, known, left, changed } = result;
      return `${what} ${stored} samples stored, ${known} were there already, ${changed} changed, ${left + decoded} frames kept on.`;
    })
    .join('\n');
}

function toJson(outcomes: readonly Outcome[]): unknown {
  return {
    items: outcomes.map(({ inverterId, serial, frames: count, decoded, result }) => ({
      inverter_id: inverterId,
      serial,
      frames: count,
      decoded,
      stored: result?.stored ?? 0,
      known: result?.known ?? 0,
      changed: result?.changed ?? 0,
      left: result?.left ?? count,
      waiting: result === null,
    })),
  };
}
