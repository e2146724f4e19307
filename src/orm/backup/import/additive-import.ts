import { KernelError, MaintenanceError, NotFoundError, SchemaError } from '../../../base/errors.js';
import type { Portable } from '../../entity/codec.js';
import type { EntityMeta } from '../../entity/metadata.js';
import { entityMeta } from '../../entity/registry.js';
import { LEDGER } from '../../schema/ledger.js';
import type { DatabaseCore } from '../../session/database-core.js';
import type { Scope } from '../../session/scope.js';
import { type EntityPlan, entityPlan, type PlannedColumn } from '../../sql/entity-plan.js';
import { assertWhole } from '../files/check-files.js';
import type { Shelf } from '../files/shelf.js';
import type { StoredTable } from '../manifest/description.js';
import type { BackedUpTable, Manifest } from '../manifest/manifest.js';
import { isComputed } from '../manifest/table-shape.js';
import { withFiles } from '../restore/replace-tables.js';
import { importVersions } from './import-history.js';
import { type PortableRow, readRows } from './read-rows.js';

/** What an import would do. */
export interface CsvImportPreview {
  readonly dryRun: true;
  readonly backup: string;
  readonly tables: ReadonlyArray<{ readonly table: string; readonly rows: number }>;
  readonly message: string;
}

/** What became of one table: all of its rows, or none and why. */
export type TableImport =
  | { readonly ok: true; readonly rows: number; readonly written: number }
  | { readonly ok: false; readonly error: string };

export interface CsvImport {
  readonly dryRun: false;
  readonly source: string;
  /** Whether every table was imported. */
  readonly ok: boolean;
  readonly results: Readonly<Record<string, TableImport>>;
}

/** Writes rows of a backup to an entity's table, as new versions. */
export type ImportRows = (
  scope: Scope,
  plan: EntityPlan,
  columns: readonly PlannedColumn[],
  rows: ReadonlyArray<readonly Portable[]>,
  comment: string,
) => Promise<number>;

type Chosen = [StoredTable, BackedUpTable];

/**
 * The tables to import, what is referenced before what references it. Left out: every one but the ledger.
 * @throws NotFoundError that names every table that is not in the backup, and those that are.
 */
export function chooseTables(manifest: Manifest, wanted: readonly string[] | undefined): Chosen[] {
  const all = withFiles(manifest).filter(([{ name }]) => name !== LEDGER);
  const known = new Map(all.map((entry) => [entry[0].name, entry]));
  const missing = (wanted ?? []).filter((name) => !known.has(name));
  if (missing.length > 0) {
    const available = [...known.keys()].join(', ');
    throw new NotFoundError(`CSVs not found for: [${missing.join(', ')}]. Available: [${available}]`);
  }
  const ordered = new Set<string>();
  const visit = (name: string, path: ReadonlySet<string>): void => {
    if (ordered.has(name) || path.has(name)) return;
    for (const key of known.get(name)?.[0].foreignKeys ?? []) visit(key.table, new Set([...path, name]));
    ordered.add(name);
  };
  for (const name of known.keys()) visit(name, new Set());
  const chosen = new Set(wanted ?? known.keys());
  return [...ordered].filter((name) => chosen.has(name)).map((name) => known.get(name) as Chosen);
}

export function previewImport({ name }: Manifest, chosen: readonly Chosen[]): CsvImportPreview {
  const tables = chosen.map(([{ name: table }, { rows }]) => ({ table, rows }));
  return { dryRun: true, backup: name, tables, message: 'Set confirm=true to execute.' };
}

/**
 * Imports tables into the database as it is: rows with the same id get the values of the backup, rows that are gone come
 * back, newer rows stay. Each table is imported whole or not at all.
 */
export async function importTables(
  core: DatabaseCore,
  shelf: Shelf,
  manifest: Manifest,
  chosen: readonly Chosen[],
  rowsOf: ImportRows,
): Promise<CsvImport> {
  await assertWhole(shelf, { ...manifest, tables: chosen.map(([, file]) => file) });
  const results: Record<string, TableImport> = {};
  for (const [table, file] of chosen) {
    try {
      const written = await core.unit(
        async (scope) => {
          const write = writerOf(core, table, `Imported from ${manifest.name}`, rowsOf);
          let sum = 0;
          for await (const rows of readRows(shelf, manifest, table, file)) sum += await write(scope, rows);
          return sum;
        },
        { patient: true },
      );
      results[table.name] = { ok: true, rows: file.rows, written };
    } catch (error) {
      core.logger.error({ err: error, table: table.name, backup: manifest.name }, 'A table could not be imported');
      if (!(error instanceof KernelError) || error instanceof MaintenanceError) throw error; // of no table's making
      results[table.name] = { ok: false, error: error.message };
    }
  }
  const ok = Object.values(results).every((result) => result.ok);
  return { dryRun: false, source: manifest.name, ok, results };
}

type Write = (scope: Scope, rows: readonly PortableRow[]) => Promise<number>;

function writerOf(core: DatabaseCore, table: StoredTable, comment: string, rowsOf: ImportRows): Write {
  const metas = core.entities.map(entityMeta);
  if (metas.some((meta) => meta.history && meta.historyTable === table.name))
    return (scope, rows) => importVersions(scope, table, rows);
  const meta = metas.find((candidate) => candidate.table === table.name);
  if (!meta) throw new SchemaError(`No entity has the table ${table.name}; only a full restore can bring it back`);
  const plan = entityPlan(meta, core.dialect);
  const written = table.columns.flatMap((column, at) => (isComputed(column, core.dialect) ? [] : [{ column, at }]));
  const columns = columnsOf(meta, plan, { ...table, columns: written.map(({ column }) => column) });
  const readers = written.map(({ at }, index) => valueAt(at, columns[index]?.field.type === 'integer'));
  return (scope, rows) => {
    const values = rows.map((row) => readers.map((read) => read(row)));
    return rowsOf(scope, plan, columns, values, comment);
  };
}

function valueAt(at: number, isNumber: boolean): (row: PortableRow) => Portable {
  return (row) => {
    const value = row[at] as Portable;
    return isNumber && value !== null ? Number(value) : value;
  };
}

const TEXTUAL: ReadonlySet<string> = new Set(['string', 'text', 'uuid']);

/** @throws SchemaError that names every column that the entity has not, or has as another type. */
function columnsOf(meta: EntityMeta, plan: EntityPlan, table: StoredTable): PlannedColumn[] {
  const faults: string[] = [];
  const columns = table.columns.flatMap(({ name, type }) => {
    const field = meta.byColumn.get(name);
    if (!field) faults.push(`${name} is no column any more`);
    else if (family(field.type) !== family(type)) faults.push(`${name} was ${type} and is ${field.type} now`);
    return field ? [plan.column(name)] : [];
  });
  if (faults.length === 0) return columns;
  throw new SchemaError(
    `${table.name} has changed since the backup: ${faults.join('; ')}. A full restore follows changes`,
  );
}

function family(type: string): string {
  if (TEXTUAL.has(type)) return 'text';
  return type === 'bigint' ? 'integer' : type;
}
