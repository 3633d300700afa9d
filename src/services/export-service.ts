import type { InverterId, UserId } from '../domain/inverter.ts';
import type { Bounds } from '../domain/period.ts';
import type { EnergyRange } from './services.ts';

export const EXPORT_RESOLUTIONS = ['raw', '15m', 'hour', 'day'] as const;
export type ExportResolution = (typeof EXPORT_RESOLUTIONS)[number];

export interface ExportRequest {
  /** Inclusive; a text is a date in the site's zone. Null: from the first thing known. */
  from: EnergyRange['from'];
  /** Exclusive; null: up to now. */
  to: EnergyRange['to'] | null;
  resolution: ExportResolution;
  /** The DC inputs too. */
  channels: boolean;
  /** Of single measurements each of three phases too; by itself where the newest sample has them. */
  phases?: boolean | undefined;
}

/** What was at one time. As text from the database on: most of an export is numbers that nobody here reckons with. */
export interface ExportRow {
  /** Milliseconds since 1970, UTC. */
  ms: number;
  /** In the order of the names, separated by commas: a decimal number, `true`, `false`, or nothing for what is unknown. */
  cells: string;
}

/** Rows in order of time, some at once, read while they are taken: a year takes no more memory than a day. */
export interface ExportTable {
  inverter: { id: InverterId; name: string; serial: string };
  timeZone: string;
  /** Where rows may lie: no further back than anything is known, no further on than today. */
  bounds: Bounds;
  /** What the rows' times are called, and then their values: the API's names. */
  timeName: 'sampled_at' | 'start';
  names: readonly string[];
  rows: AsyncGenerator<readonly ExportRow[]>;
}

export interface ExportService {
  /**
   * @param signal ends the reading of the rows, the statement under way included
   * @throws NotFound, InvalidInput; both before the first row is read
   */
  open(
    userId: UserId,
    inverterId: InverterId,
    request: ExportRequest,
    now: Date,
    signal?: AbortSignal,
  ): Promise<ExportTable>;
}
