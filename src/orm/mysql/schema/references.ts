import type { Connection, RawRow } from '../../dialect/driver.js';
import { quote } from '../quote.js';

const REFERENCES = `SELECT table_name, constraint_name, column_name, referenced_table_name, referenced_column_name
  FROM information_schema.key_column_usage
  WHERE table_schema = DATABASE() AND referenced_table_schema = DATABASE()
  ORDER BY table_name, constraint_name, ordinal_position`;

interface DanglingReference {
  readonly table: string;
  readonly column: string;
  readonly target: string;
}

/** The first reference of the database with a row that points to nothing, if any. One with a NULL in it points nowhere. */
export async function danglingReference(reader: Pick<Connection, 'all'>): Promise<DanglingReference | undefined> {
  const references = new Map<string, RawRow[]>();
  for (const row of await reader.all(REFERENCES, [])) {
    const name = JSON.stringify([row[0], row[1]]);
    references.set(name, [...(references.get(name) ?? []), row]);
  }
  for (const rows of references.values()) {
    const [table, , column, target] = rows[0] as [string, string, string, string];
    const parts = rows.map((row) => [`child.${quote(row[2] as string)}`, `parent.${quote(row[4] as string)}`] as const);
    const same = parts.map(([own, named]) => `${named} = ${own}`).join(' AND ');
    const given = parts.map(([own]) => `${own} IS NOT NULL`).join(' AND ');
    const sql =
      `SELECT 1 FROM ${quote(table)} child LEFT JOIN ${quote(target)} parent ON ${same} ` +
      `WHERE ${given} AND ${parts[0]?.[1]} IS NULL LIMIT 1`;
    if ((await reader.all(sql, [])).length > 0) return { table, column, target };
  }
  return undefined;
}
