/**
 * Which connection speaks for which device. A newer connection that has sent a good frame replaces the older one, which is most likely
 * dead: a logger that lost its connection does not say so (solarman-v5 §7).
 *
 * But a logger may have both its servers set to this collector, and then two living connections of one serial (§6.1, §7 "two parallel
 * connections"): replacing would make them throw each other out for ever. A device that was replaced several times in a short while
 * is therefore left with two.
 */
const FLAPPING_REPLACEMENTS = 3;
const FLAPPING_MS = 900_000;
const MAX_PARALLEL = 2;

interface Device<Connection> {
  connections: Connection[];
  replacedAtMs: number[];
}

export class Serials<Connection> {
  readonly #devices = new Map<string, Device<Connection>>();

  /** The connection has sent a good frame of this serial. Returns those that it replaces. */
  claim(serial: string, connection: Connection, nowMs: number): Connection[] {
    const device = this.#devices.get(serial) ?? { connections: [], replacedAtMs: [] };
    this.#devices.set(serial, device);
    device.replacedAtMs = device.replacedAtMs.filter((at) => nowMs - at < FLAPPING_MS);
    const isFlapping = device.replacedAtMs.length >= FLAPPING_REPLACEMENTS;
    const replaced = device.connections.splice(0, device.connections.length - (isFlapping ? MAX_PARALLEL - 1 : 0));
    device.connections.push(connection);
    if (replaced.length > 0) device.replacedAtMs.push(nowMs);
    return replaced;
  }

  /** The connection is over. */
  release(serial: string, connection: Connection): void {
    const device = this.#devices.get(serial);
    if (device === undefined) return;
    device.connections = device.connections.filter((other) => other !== connection);
    if (device.connections.length === 0) this.#devices.delete(serial);
  }

  /** The connections of a device, oldest first. */
  of(serial: string): readonly Connection[] {
    return this.#devices.get(serial)?.connections ?? [];
  }
}
