import type { Route } from '../served-app.ts';
import {
  type Answer,
  ask,
  bodyFor,
  type Caller,
  callersOf,
  filled,
  type Ids,
  idsOf,
  idsOfNothing,
  isSafe,
  leaked,
  NOBODY,
  namesSomething,
  queriesFor,
  type ServedWorld,
} from './routes.ts';

const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404]);
/** What a key of scope `ingest` is for. */
const PUSHED_TO = /^\/(api\/(opendtu|victron)\/measurements\/?|api\/v1\/readings)$/;

export interface RouteReport {
  /** Requests by how they were answered. */
  counts: Record<'answered' | 'refused' | 'redirected' | 'other', number>;
  problems: string[];
}

function newReport(): RouteReport {
  return { counts: { answered: 0, refused: 0, redirected: 0, other: 0 }, problems: [] };
}

/** Everybody but their owner asks for the foreign account's things. */
export async function foreignRequests(world: ServedWorld, routes: readonly Route[]): Promise<RouteReport> {
  const report = newReport();
  const foreign = await idsOf(world, world.foreign);
  const callers = [NOBODY, ...(await callersOf(world, world.own, 'another account’s'))];
  // What somebody sends under another's serial stands in his own inbox afterwards, and is no secret to him: so he sends last.
  const sorted = [...routes].sort((a, b) => Number(PUSHED_TO.test(a.url)) - Number(PUSHED_TO.test(b.url)));
  for (const route of sorted) {
    await perhapsAtOnce(route, callers, async (caller) => {
      for (const query of queriesFor(route, foreign)) await askFor(report, route, caller, foreign, query);
    });
  }
  return report;
}

/** Who only reads need not wait for each other; one live stream is listened to for a while. */
async function perhapsAtOnce<T>(route: Route, each: readonly T[], ask: (one: T) => Promise<void>): Promise<void> {
  if (isSafe(route)) await Promise.all(each.map(ask));
  else for (const one of each) await ask(one);
}

async function askFor(report: RouteReport, route: Route, caller: Caller, ids: Ids, query: string): Promise<void> {
  const path = filled(route, ids) + query;
  const what = `${route.method} ${path} by ${caller.name}`;
  const answer = await ask(route, path, caller, bodyFor(route, ids));
  const { status } = answer;
  count(report, status);
  const found = leaked(answer, ids.markers);
  if (found.length > 0) report.problems.push(`${what} LEAKED ${found.join(', ')}`);
  if (status >= 500) report.problems.push(`${what} failed with ${status}`);
  if (!namesSomething(route)) return;
  // A thing of somebody else's must look like one that is not there.
  const nothing = idsOfNothing();
  const absent = await ask(route, filled(route, nothing), caller, bodyFor(route, nothing));
  if (absent.status !== status) {
    report.problems.push(`${what} was answered ${status}, but ${absent.status} where there is no such thing`);
  }
  // A redirect that is the same for whatever id (a form that was left) tells nothing either.
  const isSentTheSameWay = answer.location !== '' && answer.location === absent.location;
  if (REFUSALS.has(status) || isSentAway(answer) || isSentTheSameWay) return;
  const hint = status === 422 || status === 400 ? ': give it a body in BODIES of test/support/isolation/routes.ts' : '';
  report.problems.push(`${what} was answered ${status}, not refused${hint}`);
}

/** To the sign-in, where pages send whoever has no session. */
function isSentAway({ status, location }: Answer): boolean {
  return status >= 300 && status < 400 && location.startsWith('/login');
}

function count({ counts }: RouteReport, status: number): void {
  if (status < 300) counts.answered++;
  else if (status < 400) counts.redirected++;
  else if (REFUSALS.has(status)) counts.refused++;
  else counts.other++;
}

/** An account's own keys ask for what their scope does not cover. */
export async function scopeRequests(world: ServedWorld, routes: readonly Route[]): Promise<RouteReport> {
  const report = newReport();
  const own = await idsOf(world, world.own);
  const callers = (await callersOf(world, world.own, 'its own')).filter(
    (c) => c.scope === 'ingest' || c.scope === 'read',
  );
  for (const route of routes) {
    const path = filled(route, own);
    for (const caller of callers) {
      const covered = caller.scope === 'read' ? isSafe(route) : PUSHED_TO.test(route.url);
      if (covered) continue;
      const answer = await ask(route, path, caller, bodyFor(route, own));
      const { status } = answer;
      count(report, status);
      if (status >= 400 || isSentAway(answer)) continue;
      // What strangers may do too needs no key.
      const stranger = await ask(route, path, NOBODY, bodyFor(route, own));
      if (stranger.status !== status)
        report.problems.push(`${route.method} ${path} by ${caller.name} was answered ${status}`);
    }
  }
  return report;
}

/**
 * The owner's own requests for the same things: only because these succeed do the refusals above say anything. Deletions come last.
 */
export async function ownersRequests(
  world: ServedWorld,
  routes: readonly Route[],
): Promise<RouteReport & { shown: number }> {
  const report = { ...newReport(), shown: 0 };
  const [session, , , full] = await callersOf(world, world.foreign, 'the owner’s');
  const sorted = [...routes].sort((a, b) => rank(a) - rank(b));
  for (const route of sorted.filter(namesSomething)) {
    const ids = await idsOf(world, world.foreign);
    const path = filled(route, ids);
    const answers = [];
    for (const caller of [session, full]) {
      if (caller !== undefined) answers.push(await ask(route, path, caller, bodyFor(route, ids)));
    }
    const best = answers.find((a) => a.status < 400) ?? answers[0];
    count(report, best?.status ?? 0);
    if (answers.some((a) => leaked(a, ids.markers).length > 0)) report.shown++;
    if ((best?.status ?? 0) >= 400) {
      report.problems.push(
        `${route.method} ${path} is not even answered to its owner (${best?.status}): test/support/isolation/routes.ts fills it in wrongly`,
      );
    }
  }
  return report;
}

function rank({ method }: Route): number {
  return method === 'DELETE' ? 2 : method === 'GET' || method === 'HEAD' ? 0 : 1;
}

export function printedRoutes(routes: readonly Route[], { counts, problems }: RouteReport): string {
  const { answered, refused, redirected, other } = counts;
  const ids = routes.filter(namesSomething).length;
  return (
    `Isolation of ${routes.length} routes (${ids} name something of an account): ${refused} requests for another account’s refused, ` +
    `${redirected} sent elsewhere, ${answered} answered without it, ${other} otherwise, ${problems.length} not as expected`
  );
}
