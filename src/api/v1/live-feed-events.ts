import type { DeviceKind, InverterId } from '../../domain/inverter.ts';
import { encodeEvent } from '../../live/sse.ts';
import type { InverterCurrent, InverterSummary, PendingDevice } from '../../services/services.ts';
import { currentToShape } from './shapes.ts';

/**
 * What a live stream tells, as text. Only readings have an id, each the time it was received, and they are told in that order: whoever is
 * cut off anywhere in between is told the rest when he comes back. States and devices must not move that on.
 */

/** So much is written at once. */
const PART_CHARS = 65_536;

/** A reading as it is told: whose it is, when it was received, and its JSON. */
export interface Sent {
  id: InverterId;
  receivedMs: number;
  json: string;
}

/** What is told of an inverter where it changes. */
export type Known = Pick<InverterSummary, 'id' | 'name' | 'siteId' | 'timeZone' | 'ratedPowerW' | 'state'>;

type DeviceChange =
  | { inverter_id: InverterId; change: 'added' | 'changed' | 'removed' }
  | { inverter_id: null; change: 'pending'; kind: DeviceKind; serial: string };

/** The readings of those that ever sent one, by the time they were received. */
export function sentInOrder(currents: readonly InverterCurrent[]): Sent[] {
  return currents
    .flatMap((current) => {
      const { id, receivedAt } = current;
      if (receivedAt === null) return [];
      const json = JSON.stringify({ inverter_id: id, ...currentToShape(current) });
      return [{ id, receivedMs: receivedAt.getTime(), json }];
    })
    .sort((a, b) => a.receivedMs - b.receivedMs);
}

export function readingEvent({ json, receivedMs }: Sent): string {
  return encodeEvent({ event: 'reading', data: json }, String(receivedMs));
}

export function stateEvent({ id, state }: Pick<Known, 'id' | 'state'>): string {
  return encodeEvent({ event: 'state', data: JSON.stringify({ inverter_id: id, state }) });
}

export function deviceEvent(change: DeviceChange): string {
  return encodeEvent({ event: 'device', data: JSON.stringify(change) });
}

/** Events put together to pieces that are worth a write. */
export function inParts(events: readonly string[]): string[] {
  const parts: string[] = [];
  let part = '';
  for (const event of events) {
    part += event;
    if (part.length < PART_CHARS) continue;
    parts.push(part);
    part = '';
  }
  return part === '' ? parts : [...parts, part];
}

export function knownOf({ id, name, siteId, timeZone, ratedPowerW, state }: InverterSummary): Known {
  return { id, name, siteId, timeZone, ratedPowerW, state };
}

export function isOtherwise(a: Known, b: Known): boolean {
  return a.name !== b.name || a.siteId !== b.siteId || a.timeZone !== b.timeZone || a.ratedPowerW !== b.ratedPowerW;
}

export function pendingKey({ kind, serial }: PendingDevice): string {
  return `${kind} ${serial}`;
}
