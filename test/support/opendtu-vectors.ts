import { readFileSync } from 'node:fs';

/** A collected OpenDTU push with the outcome it must have. */
export interface OpenDtuCase {
  id: string;
  given: {
    server_clock: string;
    /** Keys in the case's own spelling, with whose they are. */
    keys: Record<string, string>;
    registered: Record<string, string>;
    previous?: Record<string, unknown>;
  };
  request: { path: string; headers: Record<string, string>; body?: OpenDtuBody; raw_body?: string };
  expected: {
    http_status: number;
    acceptable_alternatives?: unknown[];
    results?: Record<string, unknown>[];
    success_count?: number;
    error_count?: number;
    total_inverters?: number;
    stored?: Record<string, unknown>;
    second?: Record<string, unknown>;
    flags?: string[];
    side_effect?: string;
    device?: string;
  };
}

export interface OpenDtuBody {
  timestamp: unknown;
  inverters: { last_update: number; dc_channels?: { yield_total: number; yield_day: number }[] }[];
}

/** They are kept beside this repository and not in it; null where they are absent. */
export function openDtuCases(): OpenDtuCase[] | null {
  try {
    const file = new URL('../../../shared/vectors/opendtu-push.json', import.meta.url);
    return (JSON.parse(readFileSync(file, 'utf8')) as { cases: OpenDtuCase[] }).cases;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}

/** The same push as it was some seconds earlier, with counters that much lower. */
export function earlier(
  body: OpenDtuBody,
  seconds: number,
  lessWh: (channel: number) => number = () => 0,
): OpenDtuBody {
  const sent = new Date(new Date(body.timestamp as string).getTime() - seconds * 1000);
  return {
    ...body,
    timestamp: sent.toISOString(),
    inverters: body.inverters.map((inverter) => ({
      ...inverter,
      last_update: inverter.last_update - seconds,
      dc_channels: (inverter.dc_channels ?? []).map((channel, i) => ({
        ...channel,
        yield_total: Math.round(channel.yield_total * 1000 - lessWh(i)) / 1000,
      })),
    })),
  };
}
