import type { Connection, RawRow } from '../../dialect/driver.js';
import {
  type CheckShape,
  type ColumnShape,
  type ForeignKeyShape,
  foundReference,
  type GeneratedColumn,
  type IndexShape,
  type TableShape,
  type TriggerShape,
} from '../../dialect/shape.js';
import type { OnDelete } from '../../entity/field-types.js';
import type { Flavor } from '../flavor.js';
import { canonicalDefault } from './column-defaults.js';
import { hashedColumn, isIndexColumn, LIVE_PREFIX } from './index-parts.js';
import { plainExpression } from './shown-expression.js';
import { triggerSql } from './triggers.js';

type Reader = Pick<Connection, 'all'>;

const TABLES = `SELECT table_name, table_rows FROM information_schema.tables
  WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name`;
const COLUMNS = `SELECT table_name, column_name, column_type, is_nullable, column_default, collation_name, extra, generation_expression
  FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position`;
const STATISTICS = `SELECT table_name, index_name, non_unique, column_name, collation FROM information_schema.statistics
  WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index`;
const REFERENCES = `SELECT u.table_name, u.constraint_name, u.column_name, u.referenced_table_name, r.delete_rule,
    u.referenced_column_name, r.update_rule
  FROM information_schema.key_column_usage u JOIN information_schema.referential_constraints r
    ON r.constraint_schema = u.constraint_schema AND r.constraint_name = u.constraint_name AND r.table_name = u.table_name
  WHERE u.table_schema = DATABASE() AND u.referenced_table_name IS NOT NULL
  ORDER BY u.table_name, u.constraint_name, u.ordinal_position`;
/** MariaDB lists checks that are part of a column as well, under the column's name. */
const CHECKS = {
  mariadb: `SELECT table_name, constraint_name, check_clause, level FROM information_schema.check_constraints
    WHERE constraint_schema = DATABASE() ORDER BY table_name, constraint_name`,
  mysql: `SELECT t.table_name, t.constraint_name, c.check_clause, 'Table' FROM information_schema.table_constraints t
    JOIN information_schema.check_constraints c
      ON c.constraint_schema = t.constraint_schema AND c.constraint_name = t.constraint_name
    WHERE t.table_schema = DATABASE() AND t.constraint_type = 'CHECK' ORDER BY t.table_name, t.constraint_name`,
};

const TRIGGERS = `SELECT event_object_table, trigger_name, event_manipulation, action_statement
  FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND action_timing = 'AFTER'
  ORDER BY event_object_table, trigger_name`;

/** Every table of the database as the server describes it. */
export async function introspect(flavor: Flavor, reader: Reader): Promise<TableShape[]> {
  const tables = await reader.all(TABLES, []);
  const columns = byTable(await reader.all(COLUMNS, []));
  const statistics = byTable(await reader.all(STATISTICS, []));
  const references = byTable(await reader.all(REFERENCES, []));
  const checks = byTable(await reader.all(CHECKS[flavor.name], []));
  const triggers = byTable(await reader.all(TRIGGERS, []));
  return tables.map(([name, rows]) => {
    const table = name as string;
    const own = columns(table);
    const foreign = references(table);
    const indexes = statistics(table);
    const [ofTable, ofColumns] = ['Table', 'Column'].map((level) => checks(table).filter((row) => row[3] === level));
    const conditions = new Map(
      ofColumns?.map(([, column, expression]) => [column, plainExpression(flavor, expression as string)]),
    );
    return {
      name: table,
      rows: Number(rows ?? 0),
      columns: own
        .filter(([, column]) => !isIndexColumn(column as string))
        .map((row) => withCheck(toColumn(flavor, row), conditions)),
      primaryKey: indexes.filter(([, index]) => index === 'PRIMARY').map(([, , , column]) => column as string),
      checks: ofTable?.map((row) => toCheck(flavor, row)) ?? [],
      foreignKeys: [...groupBy(foreign, ([, constraint]) => constraint as string).values()].map(toForeignKey),
      indexColumns: own.map(([, column]) => column as string).filter(isIndexColumn),
      indexes: toIndexes(indexes, own, new Set(foreign.map(([, constraint]) => constraint as string))),
      triggers: triggers(table).map(toTrigger),
    };
  });
}

function byTable(rows: readonly RawRow[]): (table: string) => RawRow[] {
  const groups = groupBy(rows, ([table]) => table as string);
  return (table) => groups.get(table) ?? [];
}

function groupBy(rows: readonly RawRow[], keyOf: (row: RawRow) => string): Map<string, RawRow[]> {
  const groups = new Map<string, RawRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

function toColumn(
  flavor: Flavor,
  [, name, columnType, nullable, fallback, collation, extra, expression]: RawRow,
): ColumnShape {
  const generated = toGenerated(flavor, String(extra ?? ''), String(expression ?? ''));
  const type = withoutDisplayWidth(columnType as string);
  return {
    name: name as string,
    type: collation === null || collation === flavor.collation ? type : `${type} collate ${String(collation)}`,
    nullable: nullable === 'YES',
    default: generated ? undefined : canonicalDefault(flavor, type, fallback as string | null, String(extra ?? '')),
    ...(/\bauto_increment\b/i.test(String(extra ?? '')) && { counter: {} }),
    ...(generated && { generated }),
  };
}

function withCheck(column: ColumnShape, checks: ReadonlyMap<unknown, string>): ColumnShape {
  const check = checks.get(column.name);
  return check === undefined ? column : { ...column, check };
}

function toGenerated(flavor: Flavor, extra: string, shown: string): GeneratedColumn | undefined {
  const kind = /\b(virtual|stored|persistent)\b/i.exec(extra)?.[1]?.toLowerCase();
  if (kind === undefined) return undefined;
  return { expression: plainExpression(flavor, shown), stored: kind !== 'virtual' };
}

/** `bigint(20)` is `bigint`; `tinyint(1)` stays, for it is how a boolean is told. */
function withoutDisplayWidth(type: string): string {
  return type.replace(/^(smallint|mediumint|int|bigint)\(\d+\)/, '$1');
}

function toCheck(flavor: Flavor, [, name, expression]: RawRow): CheckShape {
  return { name: name as string, expression: plainExpression(flavor, expression as string) };
}

/** @param rows a column each. */
function toForeignKey(rows: readonly RawRow[]): ForeignKeyShape {
  const [, name, , target, onDelete, , onUpdate] = rows[0] as RawRow;
  const pairs = rows.map(([, , column, , , named]) => [column as string, named as string] as const);
  const found = {
    name: name as string,
    table: target as string,
    onDelete: toRule(onDelete),
    onUpdate: toRule(onUpdate),
  };
  return foundReference(pairs, found);
}

function toRule(shown: unknown): OnDelete {
  const rule = (shown as string).toLowerCase();
  return (rule === 'no action' ? 'restrict' : rule) as OnDelete;
}

function toTrigger([table, name, event, body]: RawRow): TriggerShape {
  const place = { table: table as string, name: name as string };
  return { name: place.name, sql: triggerSql(place, event as string, body as string) };
}

/** The index of a reference bears its name and belongs to it. */
function toIndexes(rows: readonly RawRow[], columns: readonly RawRow[], references: ReadonlySet<string>): IndexShape[] {
  const expressions = new Map(columns.map((row) => [row[1] as string, String(row[7] ?? '')]));
  const groups = groupBy(rows, ([, index]) => index as string);
  return [...groups]
    .filter(([name]) => name !== 'PRIMARY' && !references.has(name))
    .map(([name, parts]) => {
      const covered = parts.map(([, , , column]) => column as string);
      return {
        name,
        columns: covered
          .filter((column) => !column.startsWith(LIVE_PREFIX))
          .map((column) => hashedColumn(expressions.get(column) ?? '') ?? column),
        unique: Number(parts[0]?.[2]) === 0,
        descending: parts.filter((part) => part[4] === 'D').map(([, , , column]) => column as string),
        liveOnly: covered.some((column) => column.startsWith(LIVE_PREFIX)),
      };
    });
}

const KEY_COLUMNS = `SELECT s.column_name, c.generation_expression FROM information_schema.statistics s
  JOIN information_schema.columns c
    ON c.table_schema = s.table_schema AND c.table_name = s.table_name AND c.column_name = s.column_name
  WHERE s.table_schema = DATABASE() AND s.table_name = ? AND s.index_name = ? ORDER BY s.seq_in_index`;

/** The columns that one index of a table covers; errors name the index only. */
export async function indexColumns(reader: Reader, table: string, index: string): Promise<string[]> {
  const rows = await reader.all(KEY_COLUMNS, [table, index]);
  return rows
    .filter(([column]) => !(column as string).startsWith(LIVE_PREFIX))
    .map(([column, expression]) => hashedColumn(String(expression ?? '')) ?? (column as string));
}
