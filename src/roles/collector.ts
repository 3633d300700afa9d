import { CollectorServer } from '../collector/server.ts';
import { streamProtocols } from '../protocols/index.ts';
import { doorFigures } from './figures.ts';
import { provideCollectorFigures } from './metrics.ts';
import type { RunningRole, Shared } from './role.ts';
import { tracedSink } from './tracing.ts';

/** Samples that wait for their date are looked after so often. */
const TEND_MS = 60_000;

/** The TCP doors: one server for each protocol that devices dial in with. */
export async function startCollector(shared: Shared): Promise<RunningRole> {
  const { config, ingest } = shared;
  const { host, port, publicHost, maxConnections, maxPerAddress, proxyProtocol } = config.collector;
  const servers: CollectorServer[] = [];
  for (const protocol of streamProtocols) {
    const server = new CollectorServer({
      protocol,
      sink: tracedSink(ingest.intake, shared.tracer ?? null),
      log: shared.log.child({ part: 'collector' }),
      limits: { maxConnections, maxPerAddress },
      proxyProtocol,
    });
    await server.listen(port, host);
    if (shared.metrics !== null) provideCollectorFigures(shared.metrics, server.counters);
    servers.push(server);
  }
  const log = shared.log.child({ part: 'collector' });
  const tend = (): void => {
    ingest.held.tend(new Date()).catch((error: unknown) => log.warn({ err: error }, 'samples without a date wait on'));
  };
  tend();
  const tending = setInterval(tend, TEND_MS);
  return {
    name: 'collector',
    address: `${publicHost}:${port}, for Solarman loggers`,
    problem: () => '',
    doors: () => doorFigures(servers.map(({ counters }) => counters)),
    async stop() {
      clearInterval(tending);
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
