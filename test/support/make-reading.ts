import { emptyReading, type Reading } from '../../src/domain/reading.ts';
import type { PushEnvelope } from '../../src/protocols/protocol.ts';

/** A reading of an OpenDTU inverter with one input, as its decoder would give it. */
export function openDtuReading(serial: string, sampledAt: Date, values: Partial<Reading> = {}): Reading {
  const powerW = values.powerW === undefined ? 300 : values.powerW;
  return emptyReading({
    kind: 'opendtu',
    serial,
    sampledAt,
    timeQuality: 'device',
    reachable: true,
    voltageV: 229.8,
    ratedPowerW: 1500,
    mpptCount: 1,
    channels: [
      {
        channel: 1,
        name: 'Hochbeet',
        powerW,
        voltageV: 30.4,
        currentA: 0.11,
        energyTodayWh: 337,
        energyTotalWh: values.energyTotalWh ?? null,
        irradiationPct: 1.55,
      },
    ],
    ...values,
    powerW,
  });
}

export function envelopeOf(...readings: Reading[]): PushEnvelope {
  return {
    gatewaySerial: '199980140256',
    timestamp: null,
    items: readings.map((reading) => ({
      ok: true,
      sentSerial: reading.serial,
      reading,
      sentPowerW: reading.powerW,
      rejected: [],
    })),
  };
}
