import { inTransactionOn } from '../../db/as-tenant.ts';
import type { DbPool } from '../../db/pools.ts';
import type { OwnerClient } from '../../store/owner-accounts.ts';
import { openPredecessor } from '../../store/predecessor.ts';
import { advanceIds, lastSamples, makeRoom, nameChannels, noteImport } from '../../store/predecessor-import.ts';
import { type MeasurementsReport, takeMeasurements } from './measurements.ts';
import { noPeople, type PeopleReport, takeAccounts, takeInverters } from './people.ts';

export interface ImportOptions {
  /** Of the predecessor's database. */
  url: string;
  owner: <T>(work: (client: OwnerClient) => Promise<T>) => Promise<T>;
  ingest: DbPool;
  timeZone: string;
  retentionDays: number;
  storeDcChannelData: boolean;
  now: Date;
  onProgress?: (until: string, copied: number) => void;
  signal?: AbortSignal;
}

export interface ImportReport extends PeopleReport {
  samples: MeasurementsReport;
}

/**
 * Brings accounts, keys, inverters and everything measured over from the predecessor, under the numbers they had there. Its database is
 * only read. Can be broken off and repeated: what is there already is left as it is.
 * @throws ConfigError when it is not the predecessor's database, Unavailable
 */
export async function importPredecessor(options: ImportOptions): Promise<ImportReport> {
  const { owner, now, timeZone } = options;
  const predecessor = await openPredecessor(options.url);
  try {
    const [users, oldInverters, next] = [
      await predecessor.users(),
      await predecessor.inverters(),
      await predecessor.nextIds(),
    ];
    const range = await predecessor.range();
    const { people, inverters, last } = await owner((client) =>
      inTransactionOn(client, async (tx) => {
        const people = noPeople();
        const accounts = await takeAccounts(tx, users, { timeZone, now }, people);
        const inverters = await takeInverters(tx, oldInverters, accounts, people);
        await advanceIds(tx, next);
        if (range !== null) await makeRoom(tx, range);
        return { people, inverters, last: await lastSamples(tx) };
      }),
    );
    const { report: samples, channelNames } = await takeMeasurements({
      ...options,
      predecessor,
      inverters,
      lastSamples: last,
    });
    await owner((client) =>
      inTransactionOn(client, async (tx) => {
        await nameChannels(tx, channelNames);
        const added = { accounts: people.accounts.copied, inverters: people.inverters.copied, samples: samples.copied };
        if (Object.values(added).some((count) => count > 0)) await noteImport(tx, added);
      }),
    );
    return { ...people, samples };
  } finally {
    await predecessor.close();
  }
}
