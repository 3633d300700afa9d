import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../src/simulate/random.ts';
import type { Rig } from './rig.ts';

/** What is done to the servers and to the database while the fleet works. */
export const INJECTIONS = [
  'database restarted (SIGTERM)',
  'database killed (SIGKILL)',
  'server killed (SIGKILL)',
  'servers restarted one after the other (SIGTERM)',
] as const;
export type Injection = (typeof INJECTIONS)[number];

export interface Done {
  what: Injection;
  atS: number;
  /** Until everything was back; null when it was not within five minutes. */
  tookS: number | null;
}

/** Shares of the run before the first and after the last one. */
const QUIET = [0.08, 0.12] as const;
const BACK_MS = 300_000;

/** When each of them happens, seconds from the start: evenly spread, in an order that the seed decides, each kind equally often. */
export function planInjections(seed: number, totalS: number, rounds: number): { what: Injection; atS: number }[] {
  const random = new Random(seed);
  const all = Array.from({ length: rounds }, () => shuffled(INJECTIONS, random)).flat();
  const [from, to] = [QUIET[0] * totalS, (1 - QUIET[1]) * totalS];
  return all.map((what, i) => ({ what, atS: from + ((to - from) * i) / all.length }));
}

/** Carries out the plan until its end or the signal's. */
export async function inject(
  rig: Rig,
  plan: readonly { what: Injection; atS: number }[],
  signal: AbortSignal,
): Promise<Done[]> {
  const startedMs = Date.now();
  const elapsedS = () => (Date.now() - startedMs) / 1000;
  const done: Done[] = [];
  for (const { what, atS } of plan) {
    if (what.startsWith('database') && rig.postgresPid === null) continue;
    await sleep(Math.max(0, (atS - elapsedS()) * 1000), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const beganS = elapsedS();
    const isBack = await carryOut(rig, what).then(
      () => true,
      (error: unknown) => {
        console.error(error);
        return false;
      },
    );
    const tookS = isBack ? Math.round(10 * (elapsedS() - beganS)) / 10 : null;
    done.push({ what, atS: Math.round(beganS), tookS });
    console.log(`${Math.round(beganS)} s: ${what}, ${tookS === null ? 'not back' : `back after ${tookS} s`}`);
  }
  return done;
}

async function carryOut(rig: Rig, what: Injection): Promise<void> {
  switch (what) {
    case 'database restarted (SIGTERM)':
      return restartDatabase(rig, 'SIGTERM');
    case 'database killed (SIGKILL)':
      return restartDatabase(rig, 'SIGKILL');
    case 'server killed (SIGKILL)':
      return rig.restart(0, 'SIGKILL');
    case 'servers restarted one after the other (SIGTERM)':
      for (const n of rig.restartable.keys()) await rig.restart(n, 'SIGTERM');
  }
}

/** SIGTERM would wait for all its clients to go: SIGINT is what a restarting system falls back to, so it follows. */
async function restartDatabase(rig: Rig, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const pid = rig.postgresPid?.() ?? null;
  if (pid === null) throw new Error('the database does not run');
  process.kill(pid, signal);
  if (signal === 'SIGTERM') {
    await sleep(500);
    if (rig.postgresPid?.() === pid) process.kill(pid, 'SIGINT');
  }
  const untilMs = Date.now() + BACK_MS;
  while (rig.postgresPid?.() === pid || !(await rig.databaseAnswers())) {
    if (Date.now() > untilMs) throw new Error('the database did not come back');
    await sleep(200);
  }
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const left = [...list];
  return list.map(() => left.splice(random.integer(0, left.length - 1), 1)[0] as T);
}
