import { quoted, relations } from './catalogue.ts';
import type { World } from './world.ts';

/**
 * Row security that is forced binds the owner too, and then hides rows from a backup and from a data migration without an error. Here
 * the owner reads and writes every table, and what it reaches is compared with the truth.
 */
export async function hiddenFromOwner(world: World): Promise<string[]> {
  const problems: string[] = [];
  for (const relation of await relations(world.superuser)) {
    if (relation.kind !== 'table' || relation.schema.startsWith('_timescaledb')) continue;
    const table = quoted(relation.id);
    const { rows } = await world.superuser.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
    const truth = Number(rows[0]?.count);
    const expect = (what: string, reached: number | null): void => {
      if (reached !== truth) problems.push(`${what} of ${relation.id} reaches ${reached} of ${truth} rows`);
    };
    // By its name a table with partitions cannot be copied before PostgreSQL 18, and a hypertable is copied as nothing at all.
    const source = relation.isParent ? `(SELECT * FROM ${table})` : table;
    expect('a backup (COPY TO)', (await world.owner.query(`COPY ${source} TO STDOUT`)).rowCount);
    const column = relation.columns.find((c) => !c.always);
    if (column === undefined) continue;
    const name = quoted(column.name);
    await world.owner.query('BEGIN');
    expect('an UPDATE', (await world.owner.query(`UPDATE ${table} SET ${name} = ${name}`)).rowCount);
    await world.owner.query('ROLLBACK');
    if (relation.tenantKey === null) continue;
    const key = quoted(relation.tenantKey);
    const accounts = await world.owner.query<{ id: number }>(`SELECT DISTINCT ${key} AS id FROM ${table}`);
    for (const { id, marker } of [world.own, world.foreign]) {
      if (!accounts.rows.some((row) => row.id === id))
        problems.push(`the owner sees no rows of ${marker} in ${relation.id}`);
    }
  }
  return problems;
}
