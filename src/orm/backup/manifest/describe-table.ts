import type { Dialect } from '../../dialect/dialect.js';
import type { ColumnShape, TableShape } from '../../dialect/shape.js';
import type { EntityTarget } from '../../entity/field-types.js';
import { HISTORY_COLUMNS } from '../../entity/system-fields.js';
import { codecOf } from '../values/column-text.js';
import { type DeclaredTable, declaredTables } from './declared-tables.js';
import type { StoredColumn, StoredCondition, StoredTable } from './description.js';
import { sameLiteral } from './sql-literal.js';

/**
 * Describes tables as they are found, not as the entities want them: a backup is often made just before they change. What
 * the database cannot tell (that a text is JSON, how a check was written) is taken from the entities where they fit.
 */
export function describeTables(
  tables: readonly TableShape[],
  entities: readonly EntityTarget[],
  dialect: Dialect,
): StoredTable[] {
  const declared = declaredTables(entities, dialect);
  const names = new Map(tables.map((table) => [table.name, table]));
  return tables.map((table) => {
    const entity = declared.get(table.name);
    const history = entity ? entity.history : historyOf(table.name, names);
    return { ...describeTable(table, entity, dialect), ...(history && names.has(history) && { history }) };
  });
}

/** Without an entity, a table whose name and columns are those of a history is one. */
function historyOf(table: string, tables: ReadonlyMap<string, TableShape>): string | undefined {
  const name = `${table}_history`;
  const columns = new Set(tables.get(name)?.columns.map((column) => column.name));
  return HISTORY_COLUMNS.every((column) => columns.has(column)) ? name : undefined;
}

function describeTable(table: TableShape, declared: DeclaredTable | undefined, dialect: Dialect): StoredTable {
  const own = (sql: string): StoredCondition => ({ engine: dialect.name, sql });
  return {
    name: table.name,
    columns: table.columns.map((column) => describeColumn(column, declared, dialect)),
    primaryKey: table.primaryKey,
    foreignKeys: table.foreignKeys.map(({ column, table: target, onDelete }) => ({ column, table: target, onDelete })),
    indexes: table.indexes
      .filter(({ columns }) => columns.length > 0)
      .map(({ name, columns, unique, liveOnly, descending = [], where }) => {
        const found = { liveOnly, ...(where !== undefined && { where: own(where) }) };
        return { name, columns, unique, descending, ...(declared?.indexes.get(name) ?? found) };
      }),
    checks: table.checks.map(({ name, expression }) => ({
      name,
      condition: declared?.checks.get(name) ?? own(expression),
    })),
  };
}

function describeColumn(column: ColumnShape, declared: DeclaredTable | undefined, dialect: Dialect): StoredColumn {
  const { name, type, nullable } = column;
  const field = declared?.fieldOf(column);
  const options = field ?? dialect.fieldOf(type);
  const fallback = describeDefault(column, declared, dialect);
  const refers = field?.options.references ? { refers: true as const } : {};
  const common = { name, nullable, ...refers, ...(fallback !== undefined && { default: fallback }) };
  if (options?.type === undefined) return { ...common, type: 'text', native: { engine: dialect.name, sql: type } };
  const { length, precision, scale } = options;
  switch (options.type) {
    case 'string':
      return { ...common, type: 'string', ...(length !== undefined && { length }) };
    case 'decimal':
      return {
        ...common,
        type: 'decimal',
        ...(precision !== undefined && { precision }),
        ...(scale !== undefined && { scale }),
      };
    case 'bigint':
      return { ...common, type: 'integer' }; // both are 64 bits wide, and no engine tells them apart
    default:
      return { ...common, type: options.type };
  }
}

function describeDefault(
  column: ColumnShape,
  declared: DeclaredTable | undefined,
  dialect: Dialect,
): StoredColumn['default'] {
  if (column.default === undefined) return undefined;
  const field = declared?.fieldOf(column);
  const wanted = field && declared?.defaultOf(field);
  if (field?.default === undefined || wanted === undefined || !sameLiteral(column.default, wanted))
    return { engine: dialect.name, sql: column.default };
  return codecOf(field.type).write(field.codec.encode(field.default));
}
