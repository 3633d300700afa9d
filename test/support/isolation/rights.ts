import { quoted, type Relation, relations } from './catalogue.ts';
import { LOGINS, type Login, RIGHTS, readableColumns, rightsOf } from './policy.ts';
import type { World } from './world.ts';

/**
 * Compares the rights the catalogue gives each login with those declared, to the column. The matrix tries statements; this sees the
 * rights no statement of it uses (TRIGGER, REFERENCES, a grant option), and what is declared but no longer granted.
 */
export async function undeclaredRights(world: World): Promise<string[]> {
  const problems: string[] = [];
  const all = await relations(world.superuser);
  for (const login of LOGINS) {
    for (const id of Object.keys(RIGHTS[login])) {
      if (!all.some((r) => r.id === id)) problems.push(`policy.ts gives ${login} rights on ${id}, which is not there`);
    }
    for (const relation of all) {
      const granted = await grantedRights(world, login, relation);
      const declared = declaredRights(login, relation);
      for (const right of granted) {
        if (!declared.has(right)) {
          problems.push(
            `${login} may ${right}: if that is meant, say so in RIGHTS of test/support/isolation/policy.ts`,
          );
        }
      }
      for (const right of declared) if (!granted.has(right)) problems.push(`${login} may no longer ${right}`);
    }
  }
  return problems;
}

const PER_COLUMN = ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'];

async function grantedRights(world: World, login: Login, { id, kind, columns }: Relation): Promise<Set<string>> {
  const role = world.roles[login];
  const name = quoted(id);
  if (kind === 'sequence') {
    const { rows } = await world.superuser.query<{ right: string }>(
      `SELECT p || ' ' || $3 AS right FROM unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) p WHERE has_sequence_privilege($1, $2, p)`,
      [role, name, id],
    );
    return new Set(rows.map((row) => row.right));
  }
  const { rows } = await world.superuser.query<{ right: string }>(
    `SELECT p || ' ' || $3 AS right FROM unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER', 'SELECT WITH GRANT OPTION',
         'INSERT WITH GRANT OPTION', 'UPDATE WITH GRANT OPTION', 'DELETE WITH GRANT OPTION']) p
       WHERE has_table_privilege($1, $2, p)
     UNION ALL
     SELECT p || ' ' || $3 || '.' || c FROM unnest($4::text[]) p, unnest($5::text[]) c WHERE has_column_privilege($1, $2, c, p)`,
    [role, name, id, PER_COLUMN, columns.map((c) => c.name)],
  );
  return new Set(rows.map((row) => row.right));
}

function declaredRights(login: Login, relation: Relation): Set<string> {
  const rights = rightsOf(login, relation);
  const each = (right: string, columns: Iterable<string>): string[] =>
    [...columns].map((column) => `${right} ${relation.id}.${column}`);
  return new Set([
    ...each('SELECT', readableColumns(rights, relation.columns)),
    ...each('INSERT', rights.insert ?? []),
    ...each('UPDATE', rights.update ?? []),
    ...(rights.delete === true ? [`DELETE ${relation.id}`] : []),
  ]);
}
