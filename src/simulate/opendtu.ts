import { utcOffsetMinutes } from '../domain/period.ts';
import { type ArduinoJson, arduinoNumber } from './arduino-number.ts';
import { floorTo } from './deye-micro.ts';
import { brokenTotal, type Fault } from './faults.ts';
import type { InverterState, VirtualInverter } from './inverter.ts';
import type { Model } from './models.ts';
import type { Booked } from './report.ts';

/** The inverters are asked one after the other, this far apart (devices §1.4). */
const POLL_S = 5;

export interface DtuIdentity {
  serial: string;
  timeZone: string;
  printer: ArduinoJson;
  /** "Zero runtime data": without it, the factory's default, the last values stand all night (devices §1.5). */
  zeroesAtNight: boolean;
}

/** The body of a push (devices §1.2). */
export interface Push {
  timestamp: string;
  dtu_serial: string;
  inverters: PushedInverter[];
}

interface PushedInverter {
  serial: string;
  name: string;
  reachable: boolean;
  producing: boolean;
  last_update: number;
  measurements: Record<'power_ac' | 'voltage_ac' | 'current_ac' | 'frequency' | 'power_factor' | 'power_dc', number>;
  dc_channels: PushedChannel[];
}

interface PushedChannel {
  channel: number;
  name: string;
  power: number;
  voltage: number;
  current: number;
  yield_day: number;
  yield_total: number;
  irradiation: number;
}

/** What the push says of one inverter, and what is true. */
export interface Pushed extends Omit<Booked, 'atMs'> {
  serial: string;
  /** Time of the measurement, epoch milliseconds; null when the DTU repeats an old one, or has none. */
  atMs: number | null;
}

export interface DtuInverter {
  serial: string;
  name: string;
  inverter: VirtualInverter;
}

/** An OpenDTU with its inverters: measurements in, the body of a push out. */
export class VirtualDtu {
  readonly identity: DtuIdentity;
  readonly inverters: readonly DtuInverter[];
  readonly #clockErrorS: number;
  /** What was last heard of each inverter; nothing until the first morning after the DTU's own start. */
  readonly #heard = new Map<string, InverterState>();

  /** @param clockErrorS seconds by which its clock is ahead, always */
  constructor(identity: DtuIdentity, inverters: readonly DtuInverter[], clockErrorS = 0) {
    this.identity = identity;
    this.inverters = inverters;
    this.#clockErrorS = clockErrorS;
  }

  /** @param intervalS seconds between pushes: every push brings something new, so the inverters are asked in that time */
  push(ms: number, intervalS: number, fault: Fault | null = null): { body: Push; pushed: Pushed[] } {
    const nowS = Math.floor(ms / 1000);
    const errorS = fault?.kind === 'clocks' ? clockFaultS(fault.clock, nowS) : this.#clockErrorS;
    const offsetMin = utcOffsetMinutes(this.identity.timeZone, ms);
    const spacingS = Math.min(POLL_S, intervalS / (this.inverters.length + 1));
    const pushed: Pushed[] = [];
    const inverters = this.inverters.map((inverter, i) => {
      const polledMs = (nowS - Math.floor(spacingS * (this.inverters.length - 1 - i))) * 1000;
      const awake = inverter.inverter.isAwake(polledMs);
      if (awake) this.#heard.set(inverter.serial, inverter.inverter.advanceTo(polledMs, offsetMin));
      // Just started itself, a DTU has heard of nobody yet, and believes that all can be reached
      const state = fault?.kind === 'reboots' ? undefined : this.#heard.get(inverter.serial);
      const sent = this.#inverter(inverter, state, awake, errorS);
      // An impossible time of a push is replaced by that of its arrival (devices §1.4): the sample is as good as any
      const isAtArrival = fault?.kind === 'clocks';
      pushed.push({
        serial: inverter.serial,
        atMs: awake && state !== undefined ? (updateS(state) + (isAtArrival ? 0 : errorS)) * 1000 : null,
        // The sum of the inputs' counters: by it the energy of such an inverter is reckoned
        counterWh: sum(sent.dc_channels.map(({ yield_total }) => Math.round(yield_total * 1000))),
        producedWh: sum(state?.inputs.map((input) => input.totalWh) ?? []),
        fate: fault?.kind === 'glitches' ? 'doubted' : 'booked',
        dating: isAtArrival ? 'arrival' : 'exact',
      });
      if (fault?.kind === 'glitches') breakTotals(sent, fault);
      return sent;
    });
    return {
      body: { timestamp: localIso((nowS + errorS) * 1000, offsetMin), dtu_serial: this.identity.serial, inverters },
      pushed,
    };
  }

  #inverter(
    { serial, name, inverter }: DtuInverter,
    state: InverterState | undefined,
    awake: boolean,
    errorS: number,
  ): PushedInverter {
    const isZeroed = state === undefined || (!awake && this.identity.zeroesAtNight);
    const live = (value: number | undefined, digits: number) => (isZeroed ? 0 : this.#number(value ?? 0, digits));
    const powerAc = live(state?.powerW, 1);
    return {
      serial,
      name,
      reachable: awake,
      producing: powerAc > 0,
      last_update: state === undefined ? 0 : updateS(state) + errorS,
      measurements: {
        power_ac: powerAc,
        voltage_ac: live(state?.gridVoltageV, 1),
        current_ac: live(acCurrentA(state, inverter.model), 2),
        frequency: live(state?.frequencyHz, 2),
        power_factor: live(powerFactor(state, inverter.model.ratedPowerW), 3),
        power_dc: live(state?.powerDcW, 1),
      },
      dc_channels: inverter.panels.map((panel, i) => {
        const input = state?.inputs[i];
        const powerW = input?.powerW ?? 0;
        return {
          channel: i + 1,
          name: panel.name,
          power: live(powerW, 1),
          voltage: live(input?.voltageV, 1),
          current: live(powerW > 0 ? powerW / (input?.voltageV ?? 1) : 0, 2),
          yield_day: floorTo(input?.todayWh ?? 0, 1),
          yield_total: this.#number(floorTo(input?.totalWh ?? 0, 1) / 1000, 3),
          // A quotient of the DTU's own, so it has all of a float's digits
          irradiation: live((powerW / panel.peakW) * 100, 6),
        };
      }),
    };
  }

  #number(value: number, digits: number): number {
    return arduinoNumber(value, digits, this.identity.printer);
  }
}

/** When a wrong clock is not set, it says 1970; otherwise it says next year. */
const UNSET_S = 17_000_000;
const FUTURE_S = 400 * 86_400;

function clockFaultS(clock: 'unset' | 'future', nowS: number): number {
  return clock === 'unset' ? UNSET_S - nowS : FUTURE_S;
}

function breakTotals({ dc_channels }: PushedInverter, fault: Extract<Fault, { kind: 'glitches' }>): void {
  for (const input of dc_channels)
    input.yield_total = brokenTotal(fault, Math.round(input.yield_total * 1000), 1) / 1000;
}

/** A whole second, as `last_update` has it. */
function updateS(state: InverterState): number {
  return Math.floor(state.atMs / 1000);
}

/** Three-phase inverters tell the sum of their phases' currents beside the voltage between two of them (devices §0.8). */
function acCurrentA(state: InverterState | undefined, { gridV, ratedPowerW }: Model): number {
  if (state === undefined || state.powerW <= 0) return 0;
  const phaseV = gridV === 400 ? state.gridVoltageV / Math.sqrt(3) : state.gridVoltageV;
  return state.powerW / phaseV / powerFactor(state, ratedPowerW);
}

/** Close to 1 under load; near nothing the filter's own current is most of it. */
function powerFactor(state: InverterState | undefined, ratedPowerW: number): number {
  if (state === undefined || state.powerW <= 0) return 0;
  return 1 - 0.4 * Math.exp((-40 * state.powerW) / ratedPowerW);
}

/** `2025-10-19T17:54:43+02:00`, from whole seconds. */
function localIso(ms: number, offsetMin: number): string {
  const clock = new Date(ms + offsetMin * 60_000).toISOString().slice(0, 19);
  const minutes = Math.abs(offsetMin);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${clock}${offsetMin < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
