import type { Books } from '../../src/simulate/books.ts';
import type { FleetReport } from '../../src/simulate/report.ts';
import { growthOf, type Look, type Series } from './growth.ts';
import { type Done, INJECTIONS } from './injections.ts';

/** What came of a soak; written as JSON, and from it the figures of `docs/reliability.md`. */
export interface SoakReport {
  startedAt: string;
  ranS: number;
  /** Ended by hand before its time. */
  wasStopped: boolean;
  seed: number;
  /** Inverters: those with loggers, and those behind DTUs. */
  devices: number;
  loggers: number;
  dtus: number;
  intervalS: number;
  node: string;
  injections: Done[];
  sent: Omit<FleetReport, 'devices'>;
  readers: { reading: number; bytesRead: number; slow: number; slowDropped: number };
  books: Books;
  looks: Look[];
}

/** In a shorter run the second quarter is still a part of warming up: of memory nothing can be said. */
const LONG_ENOUGH_S = 2_700;
/**
 * What may not grow by more than this, from the second quarter of a long run to the last. Memory is taken in steps, of which the last may
 * come late: what grows has to have grown from the third quarter to the last as well, by a quarter of that share at least. Of a steady
 * growth half falls there.
 */
const MOST_GROWTH: Partial<Record<Series, number>> = {
  residentBytes: 1.25,
  heapBytes: 1.3,
  handles: 1.15,
  databaseConnections: 1.5,
};

const SERIES: readonly (readonly [Series, string, (value: number) => string])[] = [
  ['residentBytes', 'resident memory of the server that runs all the time', mib],
  ['heapBytes', 'its JavaScript heap', mib],
  ['handles', 'its open handles', plain],
  ['eventLoopLagS', 'longest delay of its event loop in ten seconds', milliseconds],
  ['databaseConnections', 'database connections of all servers', plain],
  ['databaseBytes', 'database', mib],
  ['counterTableBytes', 'table of counters, which is rewritten all the time and gains no row', mib],
  ['deadRows', 'dead rows in all tables', plain],
  ['walBytes', 'write-ahead log written since the start', mib],
];

/** Figures that grew beyond what a run of this length explains. */
export function grown({ ranS, looks }: SoakReport): Series[] {
  if (ranS < LONG_ENOUGH_S) return [];
  return (Object.entries(MOST_GROWTH) as [Series, number][]).flatMap(([series, most]) => {
    const growth = growthOf(looks, series);
    return growth !== null && growth.ratio > most && growth.lastRatio > 1 + (most - 1) / 4 ? [series] : [];
  });
}

/** What speaks against a run, in words; nothing where nothing was lost, doubled, refused that should not be, or grew. */
export function objections(report: SoakReport): string[] {
  const { books, sent } = report;
  const { totals } = sent;
  const all: [boolean, string][] = [
    [report.wasStopped, 'it was ended before its time'],
    [totals.samplesAcknowledged === 0, 'no sample was acknowledged'],
    [books.disagreeing.length > 0, `the books of ${books.disagreeing.length} inverters differ`],
    [books.notRegistered > 0, `${books.notRegistered} inverters are not there`],
    [report.injections.some(({ tookS }) => tookS === null), 'something that was ended on purpose did not come back'],
    [totals.samplesWaiting > 0, `${totals.samplesWaiting} samples were left unacknowledged`],
    [totals.wrongAnswers > 0, `${totals.wrongAnswers} answers were not what the protocol demands`],
    [(sent.tls?.notRefused ?? 0) > 0, `${sent.tls?.notRefused} hellos were not refused`],
    [grown(report).length > 0, `what grew: ${grown(report).join(', ')}`],
  ];
  return all.flatMap(([speaksAgainst, words]) => (speaksAgainst ? [words] : []));
}

export function tablesOf(report: SoakReport): string {
  return [summary(report), faults(report), injections(report), growth(report)].join('\n\n');
}

const BEGIN = '<!-- soak: written by npm run soak -- --docs -->';
const END = '<!-- soak: end -->';

/** The page with the figures of this run in the place of those of the last one. @throws Error when the page has no such place */
export function withTables(page: string, report: SoakReport): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`the page has no "${BEGIN}" … "${END}"`);
  return `${page.slice(0, from + BEGIN.length)}\n${tablesOf(report)}\n${page.slice(to)}`;
}

function verdict(report: SoakReport): string {
  const against = objections(report);
  if (against.length > 0) return `**not sound**: ${against.join('; ')}`;
  return report.ranS < LONG_ENOUGH_S ? 'sound; too short to say anything of growth' : 'sound, and nothing grew';
}

function summary(report: SoakReport): string {
  const { startedAt, ranS, wasStopped, seed, devices, loggers, dtus, intervalS, node, sent, books } = report;
  const most = books.mostWh > books.expectedWh ? ` to ${kWh(books.mostWh)} (some answers were lost)` : '';
  const length = `${Math.round(ranS / 60)} minutes${wasStopped ? ', ended before its time' : ''}`;
  return table(
    [`${startedAt.slice(0, 10)}, ${length}, seed ${seed}`, ''],
    [
      ['verdict', verdict(report)],
      [
        'inverters',
        `${devices}: ${loggers} with loggers, the others behind ${dtus} DTUs; a sample each ${intervalS} s`,
      ],
      ['Node.js', node],
      ['expected', `${kWh(books.expectedWh)}${most}`],
      ['booked', kWh(books.bookedWh)],
      ['inverters whose books differ by a watt-hour or a sample', plain(books.disagreeing.length)],
      ['samples sent', plain(sent.totals.samplesSent)],
      ['… once more, for want of an answer', plain(sent.totals.samplesResent)],
      ['… acknowledged', plain(sent.totals.samplesAcknowledged)],
      ['… with a time that is refused: acknowledged, not stored', plain(sent.totals.samplesOutside)],
      ['to be found', plain(books.samplesExpected)],
      ['found', plain(books.samplesFound)],
      ['acknowledged and lost', plain(books.missing)],
      ['doubled or invented', plain(books.unexpected)],
      ['pushes without an answer, which no DTU repeats', plain(sent.totals.samplesLost)],
      ['left unacknowledged in loggers', plain(sent.totals.samplesWaiting)],
      ['answers that were not what the protocol demands', plain(sent.totals.wrongAnswers)],
    ],
  );
}

function faults({ sent, books, readers }: SoakReport): string {
  const noticed = (kind: string) => {
    const { devices = 0, events = 0 } = books.events[kind] ?? {};
    return `${kind}: ${plain(events)} events of ${plain(devices)} inverters`;
  };
  const { tls } = sent;
  return table(
    ['what went wrong on purpose', 'how often', 'what the server did'],
    [
      [
        'devices started anew, counters at 0',
        plain(sent.faults.reboots),
        'kept the sample, did not believe the counter',
      ],
      [
        'impossible counters',
        plain(sent.faults.glitches),
        `${noticed('quarantined')}; of ${books.doubted.devices} inverters with such counters it noticed ${books.doubted.noticed}`,
      ],
      ['outages of single devices', plain(sent.faults.outages), `booked what loggers brought later; ${noticed('gap')}`],
      ['impossible times', plain(sent.faults.clocks), `${noticed('outside_window')}; ${noticed('clock_unset')}`],
      ['samples that came twice', plain(sent.faults.duplicates), 'acknowledged both, stored one'],
      [
        'storms of loggers that come back at once',
        plain(sent.storms),
        `${plain(sent.faults.storms)} connections taken anew`,
      ],
      [
        'loggers that speak TLS',
        plain(tls?.sent ?? 0),
        `closed ${plain(tls?.refused ?? 0)}, answered ${plain(tls?.notRefused ?? 0)}`,
      ],
      [
        'readers of the live stream that sleep nearly all the time',
        plain(readers.slow),
        `ended their connections, so they found when they woke, ${plain(readers.slowDropped)} times; ${readers.reading} others read ${mib(readers.bytesRead)}`,
      ],
    ],
  );
}

function injections({ injections: done }: SoakReport): string {
  return table(
    ['what was done to servers and database', 'times', 'longest until all was back'],
    INJECTIONS.map((what) => {
      const times = done.filter((each) => each.what === what);
      if (times.length === 0) return [what, '0', 'not done'];
      const isBack = times.every(({ tookS }) => tookS !== null);
      const longest = Math.max(...times.map(({ tookS }) => tookS ?? 0));
      return [what, plain(times.length), isBack ? `${longest} s` : 'not back within five minutes'];
    }),
  );
}

function growth(report: SoakReport): string {
  const tooMuch = grown(report);
  return table(
    ['over time', 'second quarter', 'last quarter', 'an hour brings', 'most'],
    SERIES.map(([series, what, shown]) => {
      const found = growthOf(report.looks, series);
      if (found === null) return [what, 'unknown', '', '', ''];
      const sign = found.perHour >= 0 ? '+' : '−';
      const name = tooMuch.includes(series) ? `**${what}: grew**` : what;
      return [
        name,
        shown(found.early),
        shown(found.late),
        `${sign}${shown(Math.abs(found.perHour))}`,
        shown(found.max),
      ];
    }),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function plain(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toLocaleString('en', { maximumFractionDigits: 1 })} MiB`;
}

function milliseconds(seconds: number): string {
  return `${plain(seconds * 1000)} ms`;
}

function kWh(wh: number): string {
  return `${(wh / 1000).toLocaleString('en', { minimumFractionDigits: 3 })} kWh`;
}
