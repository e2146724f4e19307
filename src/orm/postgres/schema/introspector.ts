import type { Connection } from '../../dialect/driver.js';
import {
  type CheckShape,
  type ColumnShape,
  type Counter,
  type ForeignKeyShape,
  foundReference,
  type IndexShape,
  type TableShape,
} from '../../dialect/shape.js';
import type { OnDelete } from '../../entity/field-types.js';

type Reader = Pick<Connection, 'all'>;

/** Tables of the schema that unqualified names mean, without those that extensions brought. */
const OWN_TABLES = `
  c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

/** A table that was never analysed is taken for one with rows of 100 bytes. */
const COLUMNS = `
  SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
    (SELECT collname FROM pg_collation WHERE oid = a.attcollation AND oid <> t.typcollation),
    a.attnotnull, CASE a.attgenerated WHEN '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    CASE WHEN c.reltuples < 0 THEN pg_relation_size(c.oid) / 100 ELSE c.reltuples END,
    a.attgenerated, CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END, a.attidentity,
    (SELECT json_build_array(s.relname, q.seqincrement) FROM pg_depend o
      JOIN pg_class s ON s.oid = o.objid AND s.relkind = 'S' JOIN pg_sequence q ON q.seqrelid = s.oid
      WHERE o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass AND o.refobjid = c.oid
        AND o.refobjsubid = a.attnum AND o.deptype IN ('a', 'i') ORDER BY s.oid LIMIT 1)
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE ${OWN_TABLES}
  ORDER BY c.relname, a.attnum`;

/** Columns of a constraint in its own order, as JSON. */
const CONSTRAINTS = `
  SELECT c.relname, k.conname, k.contype, r.relname, k.confdeltype,
    CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid) END,
    (SELECT json_agg(a.attname ORDER BY o.position) FROM unnest(k.conkey) WITH ORDINALITY o(attnum, position)
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = o.attnum),
    k.convalidated,
    (SELECT json_agg(a.attname ORDER BY o.position) FROM unnest(k.confkey) WITH ORDINALITY o(attnum, position)
      JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = o.attnum),
    k.confupdtype
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid
  LEFT JOIN pg_class r ON r.oid = k.confrelid
  WHERE k.contype IN ('p', 'c', 'f') AND ${OWN_TABLES}
  ORDER BY c.relname, k.conname`;

/** An index that was left invalid by an interrupted build, or is on expressions, has no columns here. */
const INDEXES = `
  SELECT c.relname, n.relname, i.indisunique, pg_get_expr(i.indpred, i.indrelid),
    CASE WHEN i.indisvalid THEN (SELECT json_agg(json_build_array(a.attname, i.indoption[o.position - 1] & 1) ORDER BY o.position)
      FROM unnest(i.indkey::int2[]) WITH ORDINALITY o(attnum, position)
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = o.attnum WHERE o.position <= i.indnkeyatts) END,
    k.conname
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indrelid
  JOIN pg_class n ON n.oid = i.indexrelid
  LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
  WHERE (k.contype IS NULL OR k.contype = 'u') AND ${OWN_TABLES}
  ORDER BY c.relname, n.relname`;

const ON_DELETE: Readonly<Record<string, OnDelete>> = { c: 'cascade', n: 'set null' };
const LIVE_ONLY = '(deleted_at IS NULL)';

/** Every table as the server describes it. */
export async function introspect(reader: Reader): Promise<TableShape[]> {
  const columns = byTable(await reader.all(COLUMNS, []));
  const constraints = byTable(await reader.all(CONSTRAINTS, []));
  const indexes = byTable(await reader.all(INDEXES, []));
  return [...columns].map(([name, rows]) => {
    const found = constraints.get(name) ?? [];
    const ofKind = (kind: string): Cells[] => found.filter(([, type]) => type === kind);
    return {
      name,
      rows: Number(rows[0]?.[5]),
      columns: rows.map(toColumn),
      primaryKey: ofKind('p').flatMap((row) => names(row[5])),
      checks: ofKind('c').map(toCheck),
      foreignKeys: ofKind('f').flatMap(toForeignKey),
      indexes: (indexes.get(name) ?? []).map(toIndex),
      triggers: [],
    };
  });
}

/** Raw values; PostgreSQL sends text. */
type Cells = ReadonlyArray<string | null>;

/** Rows without their first cell, under the table that it names. */
function byTable(rows: unknown[][]): Map<string, Cells[]> {
  const tables = new Map<string, Cells[]>();
  for (const [table, ...cells] of rows as Array<[string, ...Cells]>) {
    const known = tables.get(table);
    if (known) known.push(cells);
    else tables.set(table, [cells]);
  }
  return tables;
}

function names(json: string | null | undefined): string[] {
  return json ? (JSON.parse(json) as string[]) : [];
}

function toColumn(cells: Cells): ColumnShape {
  const [name, type, collation, required, fallback, , kind, expression] = cells;
  const counter = toCounter(cells);
  return {
    name: name ?? '',
    type: `${type}${collation === null ? '' : ` COLLATE "${collation}"`}`,
    nullable: required !== 't',
    default: fallback ?? undefined,
    ...(counter && { counter }),
    ...(kind && { generated: { expression: expression ?? '', stored: kind === 's' } }),
  };
}

/** A column whose default is a sequence counts as an identity does; one that others share goes on counting for them. */
function toCounter([, , , , fallback, , , , identity, own]: Cells): Counter | undefined {
  if (!identity && !/\bnextval\(/.test(fallback ?? '')) return undefined;
  const [sequence, step] = own ? (JSON.parse(own) as [string, number]) : [];
  return {
    ...(sequence !== undefined && { sequence }),
    ...(step !== undefined && step !== 1 && { step }),
    ...(identity === 'a' && { always: true }),
  };
}

function toCheck([name, , , , expression, , validated]: Cells): CheckShape {
  return { name: name ?? '', expression: expression ?? '', validated: validated === 't' };
}

function toForeignKey([name, , table, rule, , columns, validated, keys, updates]: Cells): ForeignKeyShape[] {
  const named = names(keys);
  const pairs = names(columns).map((column, at) => [column, named[at] ?? ''] as const);
  if (pairs.length === 0) return [];
  const onDelete = ON_DELETE[rule ?? ''] ?? 'restrict';
  const onUpdate = ON_DELETE[updates ?? ''] ?? 'restrict';
  const found = { name: name ?? '', table: table ?? '', onDelete, onUpdate, validated: validated === 't' };
  return [foundReference(pairs, found)];
}

function toIndex([name, unique, predicate, parts, constraint]: Cells): IndexShape {
  const columns = parts ? (JSON.parse(parts) as Array<[name: string, descending: number]>) : [];
  return {
    name: name ?? '',
    columns: columns.map(([column]) => column),
    unique: unique === 't',
    liveOnly: predicate === LIVE_ONLY,
    descending: columns.filter(([, descending]) => descending === 1).map(([column]) => column),
    where: predicate === null || predicate === LIVE_ONLY ? undefined : predicate,
    ...(constraint !== null && { constraint: true as const }),
  };
}
