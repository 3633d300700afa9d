import { present } from '../../test/support/present.ts';
import { BenchLogger, spread } from '../bench-logger.ts';
import { fourInputs, HttpDevice } from '../http-device.ts';
import { percentile } from '../rig.ts';
import type { Measure } from '../rounds.ts';
import { forSeconds, type Stage } from '../stage.ts';
import { get, type Readers } from './reads.ts';

const PUSHING = 24;
const LOGGERS = 60;
/** Far from those of the other parts: they come from other addresses. */
const FIRST_LOGGER = 9_000;
const READING = 3;

/** A club at noon: devices push, loggers report, people look, all at once; beside it the same asked of the bare servers. */
export async function mixedMeasures({ bench, http, echo, size }: Stage, readers: Readers): Promise<Measure[]> {
  const serials = Array.from({ length: PUSHING }, (_, i) => `1191${String(i).padStart(8, '0')}`);
  await bench.addInverters('opendtu', serials);
  const loggersOf = (): BenchLogger[] => Array.from({ length: LOGGERS }, (_, i) => new BenchLogger(FIRST_LOGGER + i));
  const [loggers, bareLoggers] = [loggersOf(), loggersOf()];
  await bench.addInverters(
    'solarman',
    loggers.map(({ serial }) => String(serial)),
  );
  const devicesOf = (port: number): HttpDevice[] => serials.map((s) => new HttpDevice(s, port, bench.apiKey));
  const sides = [
    { loggers, devices: devicesOf(bench.server.httpPort), origin: bench.server.url, port: bench.server.collectorPort },
    {
      loggers: bareLoggers,
      devices: devicesOf(http.port),
      origin: `http://127.0.0.1:${http.port}`,
      port: echo.port,
    },
  ] as const;
  for (const side of sides)
    await spread(side.loggers, { perSecond: 400, atOnce: 50 }, async (logger) => {
      await logger.connect(side.port);
      await logger.handshake();
    });
  const wanted = [...readers.api, ...readers.pages];
  const firstS = Math.floor(Date.now() / 1000) - 2 * 86_400;
  let round = 0;
  const all = async (side: (typeof sides)[number], reads: number[]): Promise<number> => {
    // Each round goes on where no other has been, so that nothing is a duplicate.
    const from = firstS + round++ * 7_200;
    const rates = await Promise.all([
      forSeconds(side.devices, size.seconds, async (device, n) => {
        await device.push(fourInputs(device.serial, from + n * 5, round * 1_000 + n));
      }),
      forSeconds(side.loggers, size.seconds, async (logger, n) => {
        await logger.exchange(logger.data(from + n * 5, 177_500 + round * 1_000 + n));
      }),
      forSeconds([...Array(READING).keys()], size.seconds, async (reader, n) => {
        const startedAt = performance.now();
        await get(side.origin, present(wanted[(reader + n) % wanted.length]));
        reads.push(performance.now() - startedAt);
      }),
    ]);
    return rates.reduce((sum, rate) => sum + rate, 0);
  };
  return [
    {
      name: 'mixed',
      what: `pushes, frames and reads together, of ${PUSHING} DTUs, ${LOGGERS} loggers and ${READING} people`,
      unit: 'a second',
      async ours(note) {
        const reads: number[] = [];
        const rate = await all(sides[0], reads);
        note('mixed_read_p95', percentile(reads, 0.95), 'a page or answer meanwhile, 95 of 100', 'ms');
        return rate;
      },
      neighbours: [{ name: 'bare', what: 'the same of node:http and the TCP echo', measure: () => all(sides[1], []) }],
    },
  ];
}
