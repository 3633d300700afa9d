import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { FIGURES, type Figure, type FigureName } from './figures.ts';

/** A value with its labels. */
export type Reading = readonly [value: number, labels?: Readonly<Record<string, string>>];
type Source = () => readonly Reading[] | Promise<readonly Reading[]>;

/** Seconds. From a cached page to an export of years. */
const BUCKETS_S = [0.005, 0.02, 0.1, 0.5, 2, 10];

/**
 * What this process measures of itself, in Prometheus' words. Figures are read from where they are counted when somebody asks, so that
 * nothing is counted twice; node's own (`process_…`, `nodejs_…`) come with them.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #sources = new Map<FigureName, Source[]>();
  readonly #requests: Histogram<string>;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    for (const [name, figure] of Object.entries(FIGURES) as [FigureName, Figure][]) {
      if (figure.type !== 'histogram') this.#define(name, figure);
    }
    const { help, labels } = FIGURES.deye_hard_http_request_duration_seconds;
    this.#requests = new Histogram({
      name: 'deye_hard_http_request_duration_seconds',
      help,
      labelNames: labels,
      buckets: BUCKETS_S,
      registers: [this.#registry],
    });
  }

  /** From now on the figure is read here. Several sources of one figure add up. */
  provide(name: FigureName, source: Source): void {
    const sources = this.#sources.get(name) ?? [];
    this.#sources.set(name, [...sources, source]);
  }

  /** @param route as it is written in the code (`/api/v1/inverters/:id`), never the address that was asked for */
  observeRequest(method: string, route: string, status: number, durationS: number): void {
    this.#requests.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, durationS);
  }

  /** The text that Prometheus reads, and its content type. */
  async page(): Promise<{ type: string; text: string }> {
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #define(name: FigureName, { type, help, labels = [] }: Figure): void {
    const sources = this.#sources;
    const read = async (): Promise<Reading[]> => {
      const all = await Promise.all((sources.get(name) ?? []).map((source) => source()));
      return all.flat();
    };
    const common = { name, help, labelNames: labels, registers: [this.#registry] };
    if (type === 'gauge') {
      const gauge: Gauge = new Gauge({
        ...common,
        async collect() {
          const readings = await read();
          gauge.reset();
          for (const [value, own] of readings) gauge.inc(own ?? {}, value);
        },
      });
    } else {
      const counter: Counter = new Counter({
        ...common,
        async collect() {
          const readings = await read();
          counter.reset();
          for (const [value, own] of readings) counter.inc(own ?? {}, value);
        },
      });
    }
  }
}
