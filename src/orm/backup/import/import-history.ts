import type { Scope } from '../../session/scope.js';
import { placeholders } from '../../sql/read/fragment.js';
import { oneOf } from '../../sql/read/one-of.js';
import type { StoredTable } from '../manifest/description.js';
import type { PortableRow } from './read-rows.js';
import { TableWriter } from './table-writer.js';

/** Adds the versions that a history lacks. Those that it has are never touched. @returns how many were added. */
export async function importVersions(scope: Scope, table: StoredTable, rows: readonly PortableRow[]): Promise<number> {
  const { dialect } = scope.core;
  const [idAt, versionAt] = ['id', 'version'].map((name) => table.columns.findIndex((column) => column.name === name));
  const keyOf = (row: PortableRow): string => `${String(row[versionAt ?? 0])} ${String(row[idAt ?? 0])}`;
  const known = new Set<string>();
  for (const some of oneOf(dialect, new Set(rows.map((row) => String(row[idAt ?? 0]))))) {
    const [id, version] = ['id', 'version'].map(dialect.quote);
    const where = some.write(id ?? '', placeholders(dialect));
    const sql = `SELECT ${id}, ${version} FROM ${dialect.quote(table.name)} WHERE ${where}`;
    for (const [rowId, number] of await scope.all(sql, some.values)) known.add(`${String(number)} ${String(rowId)}`);
  }
  const missing = rows.filter((row) => !known.has(keyOf(row)));
  await new TableWriter(scope, table).write(missing);
  return missing.length;
}
