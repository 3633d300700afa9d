import type { LoggerDetails } from '../../src/services/logger-service.ts';
import { type FakeServices, fakeServices, inverter, sunnyInverter } from './fake-services.ts';

/** Loggers as their pages show them. */

const NOTHING: LoggerDetails = { claim: null, gateway: null, keptFrames: [], tls: null };

/** One that waits for a proof, with a rival, and with a logger nearby that speaks TLS. */
export function waitingLogger(now: Date): FakeServices {
  const services = fakeServices([inverter({ id: 7, name: 'Carport', state: 'waiting' })]);
  const lastSeenAt = new Date(now.getTime() - 90_000);
  services.loggers.of.set(7, {
    ...NOTHING,
    claim: { restartUntil: null, isReleased: false, isTaken: false, hasRivals: true, lastSeenAt },
    tls: { address: '203.0.113.7', lastSeenAt },
  });
  return services;
}

/** One that has said everything of itself, and sends what nobody knows yet. */
export function talkativeLogger(now: Date): FakeServices {
  const services = fakeServices([sunnyInverter(now, { id: 1 })]);
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  services.loggers.of.set(1, {
    ...NOTHING,
    gateway: {
      firmware: 'MW3_16U_5406_2.32-D1',
      hardware: 'V1.1.00.0B',
      localAddress: '192.168.178.50',
      macAddress: '30:82:91:00:00:01',
      wifiName: 'FRITZ!Box 7590 AX',
      signalPct: 71,
      uploadPeriodS: 300,
      samplePeriodS: 60,
      heartbeatPeriodS: 120,
      inverterFirmware: 'DC V0.1.1.7, AC V1.2.1.8, protocol V0.2.0.1',
      handshakeAt: ago(95),
      lastSeenAt: now,
      lastAddress: '203.0.113.7',
    },
    keptFrames: [{ layout: '0x5413', reason: 'unknown_layout', count: 12, lastReceivedAt: ago(3) }],
  });
  return services;
}
