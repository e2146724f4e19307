import type { Connection } from '../../dialect/driver.js';
import { quote } from '../quote.js';

const REFERENCES = `SELECT table_name, column_name, referenced_table_name, referenced_column_name
  FROM information_schema.key_column_usage
  WHERE table_schema = DATABASE() AND referenced_table_schema = DATABASE() ORDER BY table_name, column_name`;

interface DanglingReference {
  readonly table: string;
  readonly column: string;
  readonly target: string;
}

/** The first reference of the database with a row that points to nothing, if any. */
export async function danglingReference(reader: Pick<Connection, 'all'>): Promise<DanglingReference | undefined> {
  for (const row of await reader.all(REFERENCES, [])) {
    const [table, column, target, key] = row as [string, string, string, string];
    const sql =
      `SELECT 1 FROM ${quote(table)} child LEFT JOIN ${quote(target)} parent ON parent.${quote(key)} = child.${quote(column)} ` +
      `WHERE child.${quote(column)} IS NOT NULL AND parent.${quote(key)} IS NULL LIMIT 1`;
    if ((await reader.all(sql, [])).length > 0) return { table, column, target };
  }
  return undefined;
}
