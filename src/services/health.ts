import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { DbPool } from '../db/pools.ts';
import { beat, noteFigures, type ProcessBeat, readBeats, signOff } from '../store/processes.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ProcessFigures } from './process-figures.ts';
import type { HealthReport, HealthService } from './services.ts';

const BEAT_MS = 15_000;
const STALE_MS = 60_000;

type Component = 'web' | 'collector' | 'worker';

/** How a role of this very process is doing; an empty string means well. A job that failed is said, but the role is not down for it. */
export type OwnRoles = ReadonlyMap<Component, () => string>;

/**
 * What works and what does not. Roles of this process are asked directly, those of other processes are known by their heartbeats;
 * only what this process is responsible for makes its answer bad.
 */
export class Health implements HealthService {
  readonly #pool: DbPool;
  readonly #own: OwnRoles;
  readonly #log: Logger;
  readonly #figures: (now: Date) => ProcessFigures | null;
  readonly #processId = randomUUID();
  readonly #startedAt = new Date();
  #timer: NodeJS.Timeout | null = null;

  /** @param figures what this process counts, told to the others with its heartbeat */
  constructor(pool: DbPool, own: OwnRoles, log: Logger, figures: (now: Date) => ProcessFigures | null = () => null) {
    this.#pool = pool;
    this.#own = own;
    this.#log = log;
    this.#figures = figures;
  }

  async start(): Promise<void> {
    await this.#beat();
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await signOff(this.#pool, this.#processId).catch((error: unknown) => {
      this.#log.debug({ err: error }, 'could not sign this process off; its heartbeat will run out');
    });
  }

  async report(now: Date): Promise<HealthReport> {
    const components: HealthReport['components'] = { database: 'ok', collector: 'unknown', worker: 'unknown' };
    let ok = true;
    let others: ProcessBeat[] = [];
    try {
      others = await readBeats(this.#pool);
    } catch (error) {
      this.#log.warn({ err: error }, 'health: the database does not answer');
      components.database = 'down';
      ok = false;
    }
    for (const name of ['collector', 'worker'] as const) {
      const own = this.#own.get(name);
      if (own !== undefined) {
        const problem = own();
        components[name] = problem === '' ? 'ok' : problem;
      } else if (components.database === 'ok') {
        components[name] = others.some((p) => p.roles.includes(name) && now.getTime() - p.beatAt.getTime() < STALE_MS)
          ? 'ok'
          : 'not running';
      }
    }
    return { ok, components };
  }

  async #beat(): Promise<void> {
    try {
      await beat(this.#pool, {
        id: this.#processId,
        roles: [...this.#own.keys()],
        host: hostname(),
        startedAt: this.#startedAt,
      });
      const figures = this.#figures(new Date());
      if (figures !== null) await noteFigures(this.#pool, this.#processId, figures);
    } catch (error) {
      this.#log.warn({ err: error }, 'heartbeat not written');
    }
  }
}
