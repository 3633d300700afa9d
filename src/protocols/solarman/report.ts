import type { GatewayFacts, RawPayload } from '../protocol.ts';
import { printable } from './text.ts';

/** Record count, type and length stand after frame type and time block (solarman-v5 §3.3). */
const RECORD_TYPE_AT = 14;
const RECORD_AT = 16;
const UPGRADE_RECORD = 5;
const UPGRADE_RECORD_BYTES = 44;
const NEVER = 0xffffffff;

export interface Report {
  facts: GatewayFacts;
  /** Records of other types are kept as they came: only the upgrade record is known. */
  raw: RawPayload | null;
}

export function readReport(payload: Buffer): Report {
  const type = payload[RECORD_TYPE_AT];
  if (type === undefined || payload.length < RECORD_AT) {
    return { facts: {}, raw: { layout: 'report', reason: 'too_short', bytes: payload } };
  }
  if (type !== UPGRADE_RECORD) {
    return { facts: {}, raw: { layout: `report ${type}`, reason: 'unknown_layout', bytes: payload } };
  }
  if (payload.length < RECORD_AT + UPGRADE_RECORD_BYTES) {
    return { facts: {}, raw: { layout: `report ${type}`, reason: 'too_short', bytes: payload } };
  }
  const upgradedAtS = payload.readUInt32LE(RECORD_AT);
  if (upgradedAtS === NEVER || upgradedAtS === 0) return { facts: {}, raw: null };
  const firmware = printable(payload.subarray(RECORD_AT + 4, RECORD_AT + UPGRADE_RECORD_BYTES));
  return {
    facts: { upgradedAt: new Date(upgradedAtS * 1000), ...(firmware === null ? {} : { upgradedFirmware: firmware }) },
    raw: null,
  };
}
