import { judgeReading } from '../domain/plausibility.ts';
import type { Reading } from '../domain/reading.ts';
import { atStoredPrecision } from '../domain/stored-precision.ts';
import type { ResolvedDevice } from '../store/devices.ts';
import type { NotedEvent, Sample } from '../store/samples.ts';
import { isTimely, settleSampleTime } from './sample-time.ts';

export interface SampleSettings {
  retentionDays: number;
  /** False keeps each input's counters, not its W, V and A. */
  storeDcChannelData: boolean;
}

/** Null: `nothing` was measured at all, or its time lies `outside` the accepted window (interfaces, "HTTP"). */
export type MadeSample = { sample: Sample } | { sample: null; because: 'nothing' | 'outside' };

/** Turns a reading whose device is known into what is stored: its time settled, its values judged. The same for every door. */
export class SampleMaker {
  readonly #settings: SampleSettings;
  readonly #note: (event: NotedEvent) => void;

  constructor(settings: SampleSettings, note: (event: NotedEvent) => void) {
    this.#settings = settings;
    this.#note = note;
  }

  /** Whether a sample of that time would be stored. */
  accepts(sampledAt: Date, now: Date): boolean {
    return isTimely(sampledAt, now, this.#settings.retentionDays);
  }

  make(reading: Reading, device: ResolvedDevice, now: Date, receivedAt = now): MadeSample {
    // Nothing was ever measured: there is no sample, only a sign of life.
    if (reading.flags.includes('never_polled')) return { sample: null, because: 'nothing' };
    const { retentionDays, storeDcChannelData } = this.#settings;
    const time = settleSampleTime(reading, device.timeZone, now, retentionDays);
    const about = { userId: device.userId, inverterId: device.inverterId, channel: null, at: now };
    if (!time.accepted) {
      const kind = time.at === null ? 'clock_unset' : 'outside_window';
      this.#note({ ...about, kind, detail: { sampled_at: time.at === null ? null : time.at.toISOString() } });
      return { sample: null, because: 'outside' };
    }
    const { at } = time;
    if (reading.flags.includes('clock_untrusted')) {
      this.#note({ ...about, kind: 'clock_unset', detail: { sampled_at: at.toISOString() } });
    }
    const judged = judgeReading(time.reading, larger(device.ratedPowerW, time.reading.ratedPowerW));
    const settled = atStoredPrecision(judged, storeDcChannelData);
    const { userId, inverterId } = device;
    return { sample: { userId, inverterId, sampledAt: at, receivedAt, reading: settled } };
  }
}

/** A rating the owner typed too low must not make real power look impossible. */
function larger(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
