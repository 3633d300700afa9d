import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PROOFS } from '../../src/domain/claim.ts';
import { de } from '../../src/i18n/de.ts';
import { en } from '../../src/i18n/en.ts';
import { jobsOn } from '../../src/worker/jobs/index.ts';

/** What the database and the worker call things, against the words that administrators read. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LANGUAGES = [
  ['German', de.admin],
  ['English', en.admin],
] as const;

function textsOf(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'));
}
const sql = [...textsOf('migrations', '.sql'), ...textsOf('src/store', '.ts')];
/** From each INSERT into the audit log to the end of its statement. */
const noted = sql.flatMap((text) => [...text.matchAll(/INSERT INTO api\.audit_log[^;`]*/g)].map(([insert]) => insert));
const services = textsOf('src/services', '.ts').join('\n');

describe.each(LANGUAGES)('in %s', (_, words) => {
  it('every job has a name, and no name is of a job that is gone', () => {
    const files = readdirSync(join(ROOT, 'src/worker/jobs')).filter((name) => !/^index\.|\.test\./.test(name));
    const jobs = files.map((file) => /^ {2,4}name: '([\w-]+)',$/m.exec(textOf(`src/worker/jobs/${file}`))?.[1] ?? file);
    const listed = [...jobsOn('plain'), ...jobsOn('timescale')].map(({ name }) => name);
    expect(jobs).toEqual(expect.arrayContaining(listed));
    expect(Object.keys(words.jobs.names).sort()).toEqual(jobs.sort());
  });

  it('every kind of queued work has a name', () => {
    const kinds = sql.flatMap((text) =>
      [...text.matchAll(/INSERT INTO store\.job \(kind[^;']*'([\w-]+)'/g)].map(([, kind = '']) => kind),
    );
    expect(new Set(kinds)).toEqual(new Set(Object.keys(words.jobs.kinds)));
  });

  it('everything that is noted in the audit log has words, and nothing else has', () => {
    const actions = Object.keys(words.audit.actions);
    const ofServices = [...services.matchAll(/(?:noteOwnAct\(tx, [\w.]+, |\baction: )'([^']+)'/g)];
    const written = [
      ...noted.flatMap((insert) => /'([^']+)'/.exec(insert)?.[1] ?? []),
      ...ofServices.map(([, action = '']) => action),
    ];
    expect(written).toEqual(expect.arrayContaining(['account.create', 'admin.', 'session.end', 'logger.released']));
    // What ends in a dot is put together with what was done.
    const parts = written.filter((action) => action.endsWith('.'));
    for (const action of written) {
      const isThere = actions.some((one) => one === action || (parts.includes(action) && one.startsWith(action)));
      expect(isThere, action).toBe(true);
    }
    for (const act of Object.keys(words.users.act)) expect(actions).toContain(`admin.${act}`);
    for (const action of actions) {
      expect(written.includes(action) || parts.some((part) => action.startsWith(part)), action).toBe(true);
    }
  });

  it('every particular that is noted has words, and every proof', () => {
    const names = noted.flatMap((insert) => [
      ...[...insert.matchAll(/[(,] ?'(\w+)', /g)].map(([, name = '']) => name),
      ...[...insert.matchAll(/"(\w+)": /g)].map(([, name = '']) => name),
    ]);
    const ofServices = [...services.matchAll(/detail(?: =|:) \{ (.*) \}/g)].flatMap(([, inner = '']) =>
      inner.split(', ').map((part) => part.split(':')[0] ?? ''),
    );
    expect(names).toContain('sessions_ended');
    expect(ofServices).toContain('key_id');
    for (const name of [...names, ...ofServices]) expect(Object.keys(words.audit.details), name).toContain(name);
    expect(Object.keys(words.audit.values.proof).sort()).toEqual([...PROOFS].sort());
  });
});

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
