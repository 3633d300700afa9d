import { z } from 'zod';

/**
 * The file: gzip around a row of frames, each one byte of kind, four bytes of length (big endian) and that many bytes.
 *
 * `H` header (JSON), then for each table `T` (JSON: its name and columns), any number of `D` (rows as PostgreSQL's text for COPY) and `E`
 * (JSON: how many rows), then `F` figures (JSON) and at last `Z`: SHA-256 of everything before it.
 */
export const FRAME = { header: 'H', table: 'T', data: 'D', tableEnd: 'E', figures: 'F', end: 'Z' } as const;
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

export const FRAME_HEAD_BYTES = 5;
/** Rows are cut into pieces of this size at most; other frames are bounded by what is plausible, so that a foreign file asks for no memory. */
export const MAX_DATA_BYTES = 1 << 20;
export const MAX_JSON_BYTES = 64 << 20;

export const MAGIC = 'deye-hard backup';
/** Rises when older programs could no longer read what is written, or newer ones must treat older files in a special way. */
export const FORMAT_VERSION = 1;

const wholeNumbers = z.array(z.number().nullable()).nullable();
const range = z.object({ from: z.string(), to: z.string() }).nullable();

export const headerSchema = z.object({
  magic: z.literal(MAGIC),
  format: z.number().int().positive(),
  createdAt: z.iso.datetime(),
  /** The engine it was written on; for people, as a restore does not care. */
  engine: z.string(),
  migrations: z.array(z.string()),
  /** Of every ENCRYPTION_KEY of the installation: enough to recognise a key, of no use to guess it. */
  encryptionKeys: z.array(z.string()),
});
export type BackupHeader = z.infer<typeof headerSchema>;

export const tableSchema = z.object({ name: z.string(), columns: z.array(z.string()).min(1) });
export const tableEndSchema = z.object({ rows: z.number().int().nonnegative() });

export const figuresSchema = z.object({
  sequences: z.array(z.object({ table: z.string(), column: z.string(), next: z.number().int().positive() })),
  samples: range,
  energy: range,
  inverters: z.array(
    z.object({
      userId: z.number(),
      inverterId: z.number(),
      firstGoodWh: wholeNumbers,
      bookedWh: wholeNumbers,
      energyWh: z.number().nullable(),
      energyOfAllWh: z.number().nullable(),
    }),
  ),
});
