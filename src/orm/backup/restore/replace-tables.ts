import type { Dialect } from '../../dialect/dialect.js';
import type { SchemaStep, TableShape } from '../../dialect/shape.js';
import type { DesiredTable } from '../../schema/desired.js';
import { planTriggers } from '../../schema/history-triggers.js';
import type { Scope } from '../../session/scope.js';
import type { Shelf } from '../files/shelf.js';
import { type ImportedFile, importByEngine, isImportedByEngine } from '../import/engine-import.js';
import { readRows } from '../import/read-rows.js';
import { TableWriter } from '../import/table-writer.js';
import type { StoredTable } from '../manifest/description.js';
import type { BackedUpTable, Manifest } from '../manifest/manifest.js';
import { tableShape } from '../manifest/table-shape.js';

/** Where a restore reads from, and who hears how far it is. */
export interface RestoreSource {
  readonly shelf: Shelf;
  readonly manifest: Manifest;
  onTable?(table: string): void;
}

/**
 * Drops every table and makes those of the backup, inside a transaction that can be rolled back: readers and a restart see
 * the old database or the new one. Indexes and references come when the rows are there; they are built faster then, and
 * the order of the tables does not matter.
 */
export async function replaceTables(scope: Scope, { shelf, manifest, onTable }: RestoreSource): Promise<void> {
  const { dialect } = scope.core;
  for (const { name } of await dialect.introspect(scope)) await runSteps(scope, dialect.dropTable(name));
  const later: SchemaStep[] = [];
  for (const [table, file] of withFiles(manifest)) {
    onTable?.(table.name);
    const shape = tableShape(table, dialect);
    const [create, ...rest] = dialect.createTable(shape);
    if (create) await runSteps(scope, [create]);
    later.push(...rest, ...resumeCounters(dialect, shape, file));
    if (dialect.csvImport && isImportedByEngine(dialect, table))
      await importByEngine(scope, dialect.csvImport, { shelf, manifest, table, file });
    else await writeRows(scope, { shelf, manifest, table, file });
  }
  const [own, references] = [false, true].map((which) =>
    later.filter(({ afterTables = false }) => afterTables === which),
  );
  await runSteps(scope, [...(own ?? []), ...(references ?? [])]); // what is referenced has its unique index by then
  await runSteps(scope, recordingTriggers(scope, manifest.schema));
}

/** New rows get numbers that none has had, once the rows of the backup are there. */
export function resumeCounters(dialect: Dialect, shape: TableShape, { counters = {} }: BackedUpTable): SchemaStep[] {
  return shape.columns.flatMap((column) =>
    column.counter ? dialect.counters.resume(shape.name, column, counters[column.name]) : [],
  );
}

async function writeRows(scope: Scope, { shelf, manifest, table, file }: ImportedFile): Promise<void> {
  const writer = new TableWriter(scope, table);
  for await (const rows of readRows(shelf, manifest, table, file)) await writer.write(rows);
}

/**
 * The triggers that record versions, for tables that have none yet.
 * @param names what tables are called for now; what the triggers write to is called as it is described.
 */
export function recordingTriggers(
  scope: Scope,
  schema: readonly StoredTable[],
  names: ReadonlyMap<string, string> = new Map(),
): SchemaStep[] {
  const { dialect } = scope.core;
  const desired = schema.flatMap((table): DesiredTable[] => {
    const shape = tableShape(table, dialect);
    const described = { shape, owner: table.name, history: table.history, renamedFrom: undefined, renames: [] };
    const name = names.get(table.name);
    if (name === undefined) return [described];
    return [
      { ...described, history: undefined },
      { ...described, shape: { ...shape, name } },
    ];
  });
  const found = new Map(desired.map(({ shape }) => [shape.name, shape]));
  return [...planTriggers(dialect, desired, found, new Set()).after];
}

export function withFiles({ schema, tables }: Manifest): Array<[StoredTable, BackedUpTable]> {
  const described = new Map(schema.map((table) => [table.name, table]));
  return tables.map((file) => [described.get(file.table) as StoredTable, file]);
}

export async function runSteps(scope: Scope, steps: readonly SchemaStep[]): Promise<void> {
  for (const { sql, params } of steps) await scope.run(sql, params);
}
