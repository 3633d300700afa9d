/** The OpenDTU push of the predecessor's README, with its two times moved to `at`. */
export function readmePush(at: Date, serial = '116166771004') {
  const seconds = Math.floor(at.getTime() / 1000);
  return {
    timestamp: new Date((seconds + 6) * 1000).toISOString().replace('.000Z', '+00:00'),
    dtu_serial: '145680140006',
    inverters: [
      {
        serial,
        name: 'Inverter 1',
        reachable: true,
        producing: true,
        last_update: seconds,
        measurements: {
          power_ac: 16.1,
          voltage_ac: 229.8,
          current_ac: 0.07,
          frequency: 49.99,
          power_factor: 0.617,
          power_dc: 17,
        },
        dc_channels: [
          {
            channel: 1,
            name: 'Panel 1',
            power: 3.4,
            voltage: 30.4,
            current: 0.11,
            yield_day: 337,
            yield_total: 444.671,
            irradiation: 1.545455,
          },
        ],
      },
    ],
  };
}
