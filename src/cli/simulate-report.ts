import type { Books } from '../simulate/books.ts';
import type { DeviceReport, FleetDevice, FleetReport } from '../simulate/report.ts';
import type { CommandIo } from './commands.ts';

/** The end of a simulated run, in words. */

/** A table of more lines than this is read by nobody: of a larger fleet only devices with a problem are listed. */
const MAX_LINES = 50;

type Io = Pick<CommandIo, 'out'>;

/** Whether anything came out as it should not. @param books null when nobody was asked */
export function isWrong({ devices, tls }: FleetReport, books: Books | null): boolean {
  if (devices.some((device) => isSilenced(device) || device.wrongAnswers > 0)) return true;
  return (tls?.notRefused ?? 0) > 0 || (books?.disagreeing.length ?? 0) > 0;
}

export function printBooks(books: Books, io: Io): void {
  const { expectedWh, mostWh, bookedWh, samplesExpected, samplesFound, missing, unexpected } = books;
  const most = mostWh > expectedWh ? ` (at most ${kWh(mostWh)}: some answers were lost)` : '';
  if (books.notRegistered > 0) io.out(`not registered with this account, so not asked about: ${books.notRegistered}`);
  if (books.devices === 0) return;
  io.out(
    `the server: expected ${kWh(expectedWh)}${most}, booked ${kWh(bookedWh)}, samples expected ${samplesExpected}, ` +
      `found ${samplesFound}, missing ${missing}, unexpected ${unexpected}`,
  );
  for (const [kind, { devices, events }] of Object.entries(books.events)) {
    io.out(`it noticed: ${kind} ${events}, of ${devices} devices`);
  }
  if (books.doubted.devices > 0) {
    io.out(`of ${books.doubted.devices} devices with impossible counters it noticed ${books.doubted.noticed}`);
  }
  for (const one of books.disagreeing.slice(0, MAX_LINES)) {
    io.out(
      `DISAGREES: ${one.serial}: expected ${one.expectedWh} Wh, booked ${one.bookedWh} Wh, ` +
        `missing ${one.missing}, unexpected ${one.unexpected}`,
    );
  }
}

function kWh(wh: number): string {
  return `${(wh / 1000).toFixed(3)} kWh`;
}

export function deviceLine({ kind, serial, name, ratedPowerW, mpptCount }: FleetDevice): string {
  return `${kind.padEnd(8)}  ${serial.padEnd(12)}  ${ratedPowerW} W, ${mpptCount} inputs  ${name}`;
}

function isSilenced({ samplesSent, samplesWaiting, samplesAcknowledged }: DeviceReport): boolean {
  return samplesSent + samplesWaiting > 0 && samplesAcknowledged === 0;
}

export function printReport({ devices, totals, faults, storms, tls }: FleetReport, io: Io): void {
  const listed = (devices.length <= MAX_LINES ? devices : devices.filter(hasProblem)).slice(0, MAX_LINES);
  for (const device of listed) io.out(`${device.kind.padEnd(8)}  ${device.serial.padEnd(12)}  ${counts(device)}`);
  if (listed.length < devices.length) io.out(`${devices.length - listed.length} more devices`);
  io.out(`in all: ${counts(totals)}`);
  const happened = Object.entries({ ...faults, storms }).filter(([, count]) => count > 0);
  if (happened.length > 0) io.out(`went wrong on purpose: ${happened.map(([what, n]) => `${what} ${n}`).join(', ')}`);
  if (tls !== null && tls.sent > 0)
    io.out(`TLS hellos ${tls.sent}, refused ${tls.refused}, not refused ${tls.notRefused}`);
  if (totals.samplesSent + totals.samplesWaiting === 0) {
    io.out('No samples: the sun is down, or the run was too short. --always-day keeps the sun up.');
  }
}

function hasProblem(device: DeviceReport): boolean {
  const { samplesRefused, samplesLost, samplesWaiting, wrongAnswers } = device;
  return samplesRefused + samplesLost + samplesWaiting + wrongAnswers > 0;
}

function counts(counted: FleetReport['totals']): string {
  const extras = [
    [counted.samplesResent, 'sent again'],
    [counted.samplesDoubted, 'with impossible counters'],
    [counted.samplesOutside, 'with an impossible time'],
    [counted.samplesRefused, 'refused'],
    [counted.samplesLost, 'lost'],
    [counted.samplesWaiting, 'unanswered'],
    [counted.wrongAnswers, 'wrong answers'],
  ] as const;
  return [
    `expected ${(counted.expectedWh / 1000).toFixed(3)} kWh`,
    `samples sent ${counted.samplesSent}`,
    `acknowledged ${counted.samplesAcknowledged}`,
    ...extras.filter(([count]) => count > 0).map(([count, what]) => `${what} ${count}`),
  ].join(', ');
}
