import { describe, expect, it } from 'vitest';
import { growthOf, type Look } from '../../bench/soak/growth.ts';
import { grown, objections, type SoakReport, tablesOf, withTables } from '../../bench/soak/report.ts';

/** What `npm run soak` makes of what it saw. */
const MIB = 1024 * 1024;

/** An hour, looked at every ten seconds; the resident memory by the share of the hour that has passed. */
function hour(residentMib: (share: number) => number, ranS = 3600): SoakReport {
  const looks = Array.from({ length: ranS / 10 }, (_, i): Look => {
    const atS = i * 10;
    const residentBytes = residentMib(atS / ranS) * MIB;
    const steady = { heapBytes: 80 * MIB, handles: 300, eventLoopLagS: 0.02, databaseConnections: 20 };
    return { atS, residentBytes, ...steady, databaseBytes: 1, deadRows: 1, counterTableBytes: 1, walBytes: 1 };
  });
  const totals = { ...NO_SAMPLES, samplesSent: 9, samplesAcknowledged: 9, expectedWh: 7, producedWh: 7 };
  return {
    startedAt: '2026-06-21T11:00:00.000Z',
    ranS,
    wasStopped: false,
    seed: 1,
    devices: 1,
    loggers: 1,
    dtus: 0,
    intervalS: 30,
    node: 'v20',
    injections: [],
    sent: { seed: 1, totals, faults: NO_FAULTS, storms: 0, tls: { sent: 3, refused: 3, notRefused: 0 } },
    readers: { reading: 1, bytesRead: 1, slow: 1, slowDropped: 0 },
    books: {
      devices: 1,
      notRegistered: 0,
      expectedWh: 7,
      mostWh: 7,
      bookedWh: 7,
      samplesExpected: 9,
      samplesFound: 9,
      missing: 0,
      unexpected: 0,
      events: {},
      doubted: { devices: 0, noticed: 0 },
      disagreeing: [],
    },
    looks,
  };
}
const NO_FAULTS = { reboots: 0, glitches: 0, outages: 0, clocks: 0, duplicates: 0, storms: 0 };
const NO_SAMPLES = {
  samplesSent: 0,
  samplesResent: 0,
  samplesAcknowledged: 0,
  samplesOutside: 0,
  samplesDoubted: 0,
  samplesRefused: 0,
  samplesLost: 0,
  samplesWaiting: 0,
  wrongAnswers: 0,
};

describe('growth', () => {
  it.each<[string, (share: number) => number, boolean]>([
    ['stands still', () => 200, false],
    ['warms up in the first quarter', (share) => (share < 0.25 ? 100 + 400 * share : 200), false],
    ['takes its last step late, and stands', (share) => (share < 0.45 ? 160 : 211), false],
    ['wavers', (share) => 200 + 40 * Math.sin(60 * share), false],
    ['grows all the time', (share) => 120 + 120 * share, true],
    ['grows in steps', (share) => 120 + 20 * Math.floor(share * 8), true],
  ])('of memory that %s', (_, residentMib, isGrown) => {
    expect(grown(hour(residentMib))).toEqual(isGrown ? ['residentBytes'] : []);
  });

  it('is not judged by a run that is too short to tell it from warming up', () => {
    expect(grown(hour((share) => 120 + 120 * share, 1440))).toEqual([]);
    expect(tablesOf(hour(() => 200, 1440))).toContain('| verdict | sound; too short to say anything of growth |');
  });

  it('is unknown where nothing was seen', () => {
    expect(growthOf([], 'residentBytes')).toBeNull();
  });
});

describe('the verdict', () => {
  it('is that nothing speaks against the run', () => {
    expect(objections(hour(() => 200))).toEqual([]);
    expect(tablesOf(hour(() => 200))).toContain('| verdict | sound, and nothing grew |');
  });

  it.each<[string, (report: SoakReport) => void]>([
    [
      'it was ended before its time',
      (report) => {
        report.wasStopped = true;
      },
    ],
    [
      '1 hellos were not refused',
      ({ sent }) => {
        sent.tls = { sent: 3, refused: 2, notRefused: 1 };
      },
    ],
    [
      '2 samples were left unacknowledged',
      ({ sent }) => {
        sent.totals.samplesWaiting = 2;
      },
    ],
    [
      '3 answers were not what the protocol demands',
      ({ sent }) => {
        sent.totals.wrongAnswers = 3;
      },
    ],
    [
      '1 inverters are not there',
      ({ books }) => {
        books.notRegistered = 1;
      },
    ],
    [
      'something that was ended on purpose did not come back',
      ({ injections }) => void injections.push({ what: 'server killed (SIGKILL)', atS: 9, tookS: null }),
    ],
  ])('names what does: %s', (words, change) => {
    const report = hour(() => 200);
    change(report);
    expect(objections(report)).toEqual([words]);
    expect(withTables('a <!-- soak: written by npm run soak -- --docs -->x<!-- soak: end --> b', report)).toContain(
      `| verdict | **not sound**: ${words} |`,
    );
  });
});
