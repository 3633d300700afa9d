import { inTransactionOn } from '../db/as-tenant.ts';
import type { Database } from '../db/database.ts';
import { packEnergyState, unpackEnergyState } from '../domain/energy/packing.ts';
import { bookingDifference, carryForward, sameCourse } from '../domain/energy/replay.ts';
import { counterColumns, type EnergyState, emptyEnergyState } from '../domain/energy/state.ts';
import type { EnergyFacts, EnergySample, QuarterBooking } from '../domain/energy/types.ts';
import { foldEnergy } from '../domain/energy.ts';
import { daylightAt, placeOfZone } from '../domain/sun.ts';
import { energyDeltas, readFold, writeFold } from '../ingest/fold-inverter.ts';
import * as store from '../store/refold.ts';
import { book } from '../store/samples.ts';

const DAY_MS = 86_400_000;
/** Late samples of one inverter taken at a time; the rest follows in the next turn. */
const MAX_LATE = 20_000;

/** Both courses of one inverter's energy: as it was folded without the late samples, and with them. */
interface Courses {
  before: EnergyState;
  after: EnergyState;
  /** What each booked on the way, quarter hour by quarter hour. */
  beforeBookings: QuarterBooking[];
  afterBookings: QuarterBooking[];
  /** The corrected states at the start of the days passed through. */
  dayStates: { day: Date; fold: unknown }[];
}

/**
 * Books the late samples of one inverter. From the state kept at the start of the first late day both courses are folded day by day,
 * until they meet again or the present is reached; then, with the counter locked, the difference is added to the quarter hours and
 * carried into the present state. Most of the folding happens before the lock, so that ingest hardly waits.
 * @returns how many late samples are booked now
 */
export async function bookLateSamples(database: Pick<Database, 'owner'>, key: store.InverterKey): Promise<number> {
  return database.owner(async (client) => {
    await store.refoldAlone(client, key);
    // One snapshot for the list of late samples and the samples themselves: what arrives meanwhile is in neither.
    const plan = await inTransactionOn(client, async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await store.actFor(tx, key.userId);
      const device = await store.readReplayDevice(tx, key);
      const late = await store.readLate(tx, key, MAX_LATE);
      const counter = await store.readCounter(tx, key, false);
      if (device === null || late[0] === undefined || counter === null) {
        // The inverter was deleted meanwhile: nothing is left to book.
        await store.forgetLate(tx, key, late);
        return null;
      }
      const facts = factsOf(device, readFold(counter.fold).counterStepWh);
      const untilMs = readFold(counter.fold).energy.at;
      const { courses, met } = await foldBoth(tx, key, facts, late, untilMs);
      return { facts, late, courses, met, untilMs };
    });
    if (plan === null) return 0;
    return inTransactionOn(client, async (tx) => {
      await store.actFor(tx, key.userId);
      const counter = await store.readCounter(tx, key, true);
      // Under the lock: whoever takes these samples off the list books them, and nobody else.
      if (counter === null || (await store.forgetLate(tx, key, plan.late)) !== plan.late.length) {
        await tx.query('ROLLBACK');
        await tx.query('BEGIN');
        return 0;
      }
      await apply(tx, key, counter, plan);
      return plan.late.length;
    });
  });
}

type Tx = Parameters<typeof store.actFor>[0];

async function foldBoth(
  tx: Tx,
  key: store.InverterKey,
  facts: EnergyFacts,
  late: readonly Date[],
  untilMs: number,
): Promise<{ courses: Courses; met: boolean }> {
  const lateMs = new Set(late.map((at) => at.getTime()));
  const lastLateMs = (late[late.length - 1] as Date).getTime();
  const kept = await store.readDayState(tx, key, late[0] as Date);
  const start = kept === null ? emptyEnergyState() : unpackEnergyState(kept.fold);
  const courses: Courses = { before: start, after: start, beforeBookings: [], afterBookings: [], dayStates: [] };
  let day = await store.nextSampleDay(tx, key, kept?.day ?? new Date(0));
  while (day !== null && day.getTime() <= untilMs) {
    const end = new Date(day.getTime() + DAY_MS);
    courses.dayStates.push({ day, fold: packEnergyState(courses.after) });
    const samples = (await store.readEnergySamples(tx, key, day, end, new Date(lastLateMs))).filter(
      (s) => s.t <= untilMs,
    );
    advance(courses, samples, lateMs, facts);
    if (day.getTime() + DAY_MS > lastLateMs && sameCourse(courses.before, courses.after)) return { courses, met: true };
    day = await store.nextSampleDay(tx, key, end);
  }
  return { courses, met: false };
}

function advance(
  courses: Courses,
  samples: readonly EnergySample[],
  lateMs: ReadonlySet<number>,
  facts: EnergyFacts,
): void {
  const before = foldEnergy(
    courses.before,
    samples.filter((s) => !lateMs.has(s.t)),
    facts,
  );
  const after = foldEnergy(courses.after, samples, facts);
  courses.before = before.state;
  courses.after = after.state;
  courses.beforeBookings.push(...before.bookings);
  courses.afterBookings.push(...after.bookings);
}

async function apply(
  tx: Tx,
  key: store.InverterKey,
  counter: NonNullable<Awaited<ReturnType<typeof store.readCounter>>>,
  plan: { facts: EnergyFacts; late: Date[]; courses: Courses; met: boolean; untilMs: number },
): Promise<void> {
  const { courses, facts } = plan;
  const stored = readFold(counter.fold);
  if (!plan.met && stored.energy.at > plan.untilMs) {
    // What came while both courses were folded; samples that are late themselves wait for their own turn.
    const from = new Date(plan.untilMs + 1);
    const tail = await store.readEnergySamples(tx, key, from, new Date(stored.energy.at + 1), null);
    advance(courses, tail, new Set(), facts);
  }
  const corrected = plan.met
    ? carryForward(stored.energy, courses.before, courses.after)
    : rebased(stored.energy, courses);
  const difference = bookingDifference(sumByQuarter(courses.beforeBookings), sumByQuarter(courses.afterBookings));
  const row = {
    ...counter,
    ...counterColumns(corrected, facts.kind),
    fold: writeFold({ ...stored, energy: corrected }),
  };
  await book(tx, [row], energyDeltas(key, difference), []);
  await store.writeDayStates(tx, key, courses.dayStates);
}

/**
 * Where the courses did not meet, the corrected course is the present; what it booked is counted from what is really booked, since a
 * kept state may tell an older sum.
 */
function rebased(present: EnergyState, { before, after }: Courses): EnergyState {
  const corrected = carryForward(present, before, after);
  return {
    ...after,
    counters: after.counters.map((counter) => {
      const carried = corrected.counters.find((c) => c.channel === counter.channel);
      return carried === undefined
        ? counter
        : { ...counter, bookedWh: carried.bookedWh, firstGoodWh: carried.firstGoodWh };
    }),
  };
}

/** The fold books day by day; a quarter hour that several days booked into is one row. */
function sumByQuarter(bookings: readonly QuarterBooking[]): QuarterBooking[] {
  const none = { userId: 0, inverterId: 0 };
  return energyDeltas(none, bookings).map((row) => ({
    quarterStart: row.quarterStart.getTime(),
    energyWh: row.energyWh.map((n) => n ?? 0),
    estimatedWh: row.estimatedWh.map((n) => n ?? 0),
    powerSumDw: row.powerSumDw.map((n) => n ?? 0),
    powerCount: row.powerCount.map((n) => n ?? 0),
    powerMaxDw: row.powerMaxDw,
  }));
}

export function factsOf(device: store.ReplayDevice, counterStepWh: number): EnergyFacts {
  const { latitude, longitude } = device;
  const place = latitude !== null && longitude !== null ? { latitude, longitude } : placeOfZone(device.timeZone);
  return { kind: device.kind, ratedPowerW: device.ratedPowerW, counterStepWh, daylight: daylightAt(place) };
}
