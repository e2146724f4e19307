import type { Connection } from '../../dialect/driver.js';
import { isOwnName } from '../../dialect/index-identity.js';
import {
  type CheckShape,
  type ColumnShape,
  type Counter,
  type ForeignKeyShape,
  foundReference,
  type IndexShape,
  type TableShape,
} from '../../dialect/shape.js';
import { constraintName, shortHash } from '../../entity/constraint-name.js';
import type { OnDelete } from '../../entity/field-types.js';
import { quote } from '../quote.js';
import { referenceName } from './rules.js';
import { generatedExpressions, isAutoincrement, writtenChecks } from './table-sql.js';

type Reader = Pick<Connection, 'all'>;

const CONDITION = /\)\s*WHERE\s+([\s\S]+)$/i;
const LIVE_ONLY = /^"deleted_at"\s+IS\s+NULL\s*$/i;

/** Every table of the file as SQLite describes it; statistics and internal tables are left out. */
export async function introspect(reader: Reader): Promise<TableShape[]> {
  const rows = await reader.all(
    `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name`,
    [],
  );
  const entries = rows.map(([type, name, table, sql]) => ({ type, name, table, sql }) as Entry);
  const tables = entries.filter(({ type }) => type === 'table');
  return Promise.all(tables.map((table) => introspectTable(reader, table, ofTable(entries, table.name))));
}

/** A row of the schema table. */
interface Entry {
  readonly type: 'table' | 'index' | 'trigger' | 'view';
  readonly name: string;
  readonly table: string;
  readonly sql: string;
}

function ofTable(entries: readonly Entry[], table: string): Entry[] {
  return entries.filter((entry) => entry.table === table && entry.type !== 'table');
}

async function introspectTable(reader: Reader, { name, sql }: Entry, parts: readonly Entry[]): Promise<TableShape> {
  const columns = await reader.all(
    `SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1`,
    [name],
  );
  const counter = await counterOf(reader, name, sql, columns);
  const expressions = generatedExpressions(sql);
  return {
    name,
    columns: columns.map((column) => ({
      ...toColumn(column),
      ...(counter && Number(column[4]) > 0 && { counter }),
      ...toGenerated(column, expressions),
    })),
    primaryKey: columns
      .filter((column) => Number(column[4]) > 0)
      .sort((a, b) => Number(a[4]) - Number(b[4]))
      .map(([column]) => column as string),
    checks: checksOf(name, sql),
    foreignKeys: await foreignKeys(reader, name, sql),
    indexes: await indexes(reader, name, new Map(parts.map((part) => [part.name, part.sql]))),
    attachments: parts.filter((part) => part.type === 'index' && !isOwnName(part.name)),
    triggers: parts.filter((part) => part.type === 'trigger'),
  };
}

function toColumn([name, type, notNull, fallback]: readonly unknown[]): ColumnShape {
  return {
    name: name as string,
    type: type as string,
    nullable: !notNull,
    default: (fallback as string | null) ?? undefined,
  };
}

/** A key that is one INTEGER is the number that SQLite gives a row anyway, unless it has an index of its own. */
async function counterOf(
  reader: Reader,
  table: string,
  sql: string,
  columns: ReadonlyArray<readonly unknown[]>,
): Promise<Counter | undefined> {
  const [key, ...others] = columns.filter((column) => Number(column[4]) > 0);
  if (others.length > 0 || String(key?.[1]).toUpperCase() !== 'INTEGER') return undefined;
  const indexed = await reader.all(`SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk'`, [table]);
  if (indexed.length > 0) return undefined;
  return isAutoincrement(sql) ? {} : { reuses: true };
}

const VIRTUAL = 2;

function toGenerated(
  [name, , , , , hidden]: readonly unknown[],
  expressions: ReadonlyMap<string, string>,
): Pick<ColumnShape, 'generated'> {
  const expression = expressions.get((name as string).toLowerCase());
  if (Number(hidden) === 0 || expression === undefined) return {};
  return { generated: { expression, stored: Number(hidden) !== VIRTUAL } };
}

/** SQLite does not tell names of references: those of a migration are looked for in the statement that made the table. */
async function foreignKeys(reader: Reader, table: string, sql: string): Promise<ForeignKeyShape[]> {
  const rows = await reader.all(
    `SELECT id, "from", "table", on_delete, on_update, "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq`,
    [table],
  );
  const keys: ForeignKeyShape[] = [];
  for (const id of new Set(rows.map(([first]) => first))) {
    const own = rows.filter(([first]) => first === id);
    const [, , target, onDelete, onUpdate] = own[0] as readonly unknown[];
    const keyOfTarget = own.some((row) => row[5] === null) ? await keyOf(reader, target as string) : [];
    const pairs = own.map(
      (row, at) => [row[1] as string, (row[5] as string | null) ?? keyOfTarget[at] ?? 'id'] as const,
    );
    const rules = { table: target as string, onDelete: toRule(onDelete), onUpdate: toRule(onUpdate) };
    const key = foundReference(pairs, rules);
    const name = referenceName(table, key);
    keys.push(sql.includes(`CONSTRAINT ${quote(name)} `) ? { ...key, name } : key);
  }
  return keys;
}

/** What a reference names that names no column. */
async function keyOf(reader: Reader, table: string): Promise<string[]> {
  const rows = await reader.all('SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk', [table]);
  return rows.map(([name]) => name as string);
}

function toRule(shown: unknown): OnDelete {
  const rule = (shown as string).toLowerCase();
  return (rule === 'no action' ? 'restrict' : rule) as OnDelete;
}

async function indexes(reader: Reader, table: string, sqlOf: ReadonlyMap<string, string>): Promise<IndexShape[]> {
  const rows = await reader.all(
    `SELECT name, "unique", origin FROM pragma_index_list(?) WHERE origin <> 'pk' ORDER BY name`,
    [table],
  );
  return Promise.all(
    rows.map(async ([name, unique, origin]) => {
      const columns = await reader.all(`SELECT name, "desc" FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno`, [
        name,
      ]);
      const condition = CONDITION.exec(sqlOf.get(name as string) ?? '')?.[1];
      const liveOnly = condition !== undefined && LIVE_ONLY.test(condition);
      return {
        name: (name as string).replace(/^sqlite_autoindex_/, 'unique_'), // nobody else may call one so
        columns: columns.map(([column]) => column as string),
        unique: Boolean(unique),
        liveOnly,
        descending: columns.filter(([, descending]) => Boolean(descending)).map(([column]) => column as string),
        where: liveOnly ? undefined : condition,
        ...(origin === 'u' && { constraint: true as const }),
      };
    }),
  );
}

/** SQLite keeps checks nowhere but in the statement that made the table. One without a name is given one, by what it says. */
function checksOf(table: string, sql: string): CheckShape[] {
  const checks = writtenChecks(sql).map(({ name, expression }): [string, CheckShape] => {
    const known = name ?? constraintName('check', [table, shortHash(expression)]);
    return [known, { name: known, expression }];
  });
  return [...new Map(checks).values()];
}
