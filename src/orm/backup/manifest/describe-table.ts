import type { Dialect } from '../../dialect/dialect.js';
import type { ColumnShape, TableShape } from '../../dialect/shape.js';
import type { FieldOptions } from '../../entity/field-types.js';
import { HISTORY_COLUMNS } from '../../entity/system-fields.js';
import type { Session } from '../../session/session.js';
import { codecOf } from '../values/column-text.js';
import { type DeclaredTable, declaredTables } from './declared-tables.js';
import type { StoredColumn, StoredCondition, StoredTable } from './description.js';
import { sameLiteral } from './sql-literal.js';

/**
 * Describes tables as they are found, not as the entities want them: a backup is often made just before they change. What
 * the database cannot tell (that a text is JSON, how a check was written) is taken from the entities where they fit.
 */
export async function describeTables(session: Session, tables: readonly TableShape[]): Promise<StoredTable[]> {
  const declared = declaredTables(session.core.entities, session.core.dialect);
  const names = new Map(tables.map((table) => [table.name, table]));
  const described: StoredTable[] = [];
  for (const table of tables) {
    const entity = declared.get(table.name);
    const history = entity ? entity.history : historyOf(table.name, names);
    const own = await describeTable(session, table, entity);
    described.push({ ...own, ...(history && names.has(history) && { history }) });
  }
  return described;
}

/** Without an entity, a table whose name and columns are those of a history is one. */
function historyOf(table: string, tables: ReadonlyMap<string, TableShape>): string | undefined {
  const name = `${table}_history`;
  const columns = new Set(tables.get(name)?.columns.map((column) => column.name));
  return HISTORY_COLUMNS.every((column) => columns.has(column)) ? name : undefined;
}

async function describeTable(
  session: Session,
  table: TableShape,
  declared: DeclaredTable | undefined,
): Promise<StoredTable> {
  const { dialect } = session.core;
  const columns: StoredColumn[] = [];
  for (const column of table.columns) columns.push(await describeColumn(session, table.name, column, declared));
  const own = (sql: string): StoredCondition => ({ engine: dialect.name, sql });
  return {
    name: table.name,
    columns,
    primaryKey: table.primaryKey,
    foreignKeys: table.foreignKeys.map(({ name: _, validated: __, ...key }) => key),
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

async function describeColumn(
  session: Session,
  table: string,
  column: ColumnShape,
  declared: DeclaredTable | undefined,
): Promise<StoredColumn> {
  const { dialect } = session.core;
  const { name, type, nullable, counter, check, generated } = column;
  const field = declared?.fieldOf(column);
  const found = field ? { field, same: true } : await dialect.foreignTables.columnOf(session, { table, column });
  const fallback = counter || generated ? undefined : describeDefault(column, declared, dialect);
  return {
    name,
    nullable,
    ...(field?.options.references && { refers: true as const }),
    ...(fallback !== undefined && { default: fallback }),
    ...(counter && { counter }),
    ...(check !== undefined && { check: { engine: dialect.name, sql: check } }),
    ...(generated && {
      generated: { engine: dialect.name, sql: generated.expression, stored: generated.stored },
    }),
    ...sizedType(found.field),
    ...(!found.same && { native: { engine: dialect.name, sql: type } }),
  };
}

function sizedType({
  type = 'text',
  length,
  precision,
  scale,
}: Pick<FieldOptions, 'type' | 'length' | 'precision' | 'scale'>): Pick<StoredColumn, 'type'> {
  switch (type) {
    case 'string':
      return { type, ...(length !== undefined && { length }) };
    case 'decimal':
      return { type, ...(precision !== undefined && { precision }), ...(scale !== undefined && { scale }) };
    case 'bigint':
      return { type: 'integer' }; // both are 64 bits wide, and no engine tells them apart
    default:
      return { type };
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
