import { type Recomputed, recompute as rebuild } from '../worker/recompute.ts';
import { type CliContext, runAction, UsageError, withDatabase } from './context.ts';
import { ProgressLine } from './progress.ts';

const RECOMPUTE = {
  usage: 'deye-hard recompute --inverter ID --from T --to T [--json]',
  help: `Rebuilds the energy of a range of time from the raw samples, and notes it in the audit log. Beside a running server, too.

--from T  first moment, included: a date in the site's zone, or ISO 8601 with offset
--to T    last moment, excluded: the same

Samples are kept for RETENTION_DAYS; older energy can only be kept, not rebuilt. A second run changes nothing.`,
  required: ['inverter', 'from', 'to'],
  options: ['inverter', 'from', 'to'],
  flags: [],
} as const;

/** `deye-hard recompute`. Exit codes: 0 done, 1 failed, 2 wrong usage. */
export function recompute(args: string[], context: CliContext): Promise<number> {
  return runAction(RECOMPUTE, args, context, async ({ values, json }) => {
    const inverterId = idOf(values.inverter ?? '');
    const range = { from: momentOf('from', values.from ?? ''), to: momentOf('to', values.to ?? '') };
    const progress = new ProgressLine();
    const done = await withDatabase(context, (database) =>
      rebuild(database, inverterId, range, new Date(), {
        onProgress: (upTo) => progress.show(`… ${upTo.toISOString().slice(0, 10)}`),
      }),
    ).finally(() => progress.clear());
    context.out(json ? JSON.stringify(toJson(inverterId, done)) : inWords(done));
  });
}

function idOf(text: string): number {
  const id = Number(text);
  if (!/^\d{1,10}$/.test(text) || id < 1 || id > 2_147_483_647)
    throw new UsageError('--inverter is the number of one.');
  return id;
}

/** @throws UsageError */
function momentOf(name: string, text: string): Date | string {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return text;
  const moment = /T.*(Z|[+-]\d\d:?\d\d)$/i.test(text) ? new Date(text) : null;
  if (moment === null || Number.isNaN(moment.getTime())) {
    throw new UsageError(
      `--${name} is a date like 2026-03-29, or a moment with its offset like 2026-03-29T12:00:00+02:00.`,
    );
  }
  return moment;
}

function inWords(done: Recomputed): string {
  const range = `${done.from.toISOString()} to ${done.to.toISOString()} (days in ${done.timeZone})`;
  if (done.quartersChanged === 0) return `Nothing to change: ${kWh(done.afterWh)} from ${range}.`;
  return [
    `Rebuilt from ${range}, ${done.quartersChanged} quarter hours changed.`,
    `  energy of the range  ${kWh(done.beforeWh)} → ${kWh(done.afterWh)}`,
    `  energy of all time   ${kWh(done.lifetimeBeforeWh)} → ${kWh(done.lifetimeAfterWh)}`,
  ].join('\n');
}

function kWh(wh: number): string {
  return `${(wh / 1000).toFixed(3)} kWh`;
}

function toJson(inverterId: number, done: Recomputed): Record<string, unknown> {
  return {
    inverter_id: inverterId,
    from: done.from,
    to: done.to,
    time_zone: done.timeZone,
    before_wh: done.beforeWh,
    after_wh: done.afterWh,
    lifetime_before_wh: done.lifetimeBeforeWh,
    lifetime_after_wh: done.lifetimeAfterWh,
    quarters_changed: done.quartersChanged,
  };
}
