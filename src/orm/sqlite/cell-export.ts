import type { Database } from 'better-sqlite3';
import { CELL_END, type CellExport, EMPTY_TEXT } from '../dialect/cell-export.js';
import type { FieldMeta } from '../entity/metadata.js';
import { chunks } from '../sql/write/chunks.js';
import { decimalColumn, EXACT_DIGITS } from './column-codecs.js';

const NUMBER_TEXT = 'app_kernel_number_text';
const DECIMAL_TEXT = 'app_kernel_decimal_text';
const BASE64 = 'app_kernel_base64';

const END = `char(${CELL_END})`;
const EMPTY = `char(${EMPTY_TEXT})`;
/** A column may hold a value of any kind, whatever its type says. */
const UNSURE = `CAST(x'ff' AS TEXT)`;
/** Integers of up to so much have the same text everywhere. */
const LAST_PLAIN = 999_999_999_999_999;
/** Bytes of one value; a row with a longer one is read by itself. */
const LONGEST = 8 * 1024 * 1024;
/** No table can have such a name. */
const PAGE = 'sqlite_page';
/** A function takes a thousand arguments, and every cell is two. */
const CELLS_OF_CALL = 400;

/**
 * Texts are put together as they are. To look for commas and quotes in them takes SQLite twice as long as everything
 * else here.
 */
export const cellExport: CellExport = {
  serves: async (connection) => (await connection.all('PRAGMA encoding', []))[0]?.[0] === 'UTF-8',
  text: textOf,
  statement: (cells, rows) => {
    const calls = chunks(cells, () => CELLS_OF_CALL).map((some) => `concat(${some.join(`, ${END}, `)}, ${END})`);
    const row = calls.length === 1 ? calls[0] : `concat(${calls.join(', ')})`;
    const fitting = `CASE WHEN octet_length(cells) > ? THEN ${UNSURE} ELSE cells END`;
    return `WITH ${PAGE}(cells) AS (SELECT ${row} ${rows}) SELECT CAST(group_concat(${fitting}, '') AS BLOB), COUNT(*) FROM ${PAGE}`;
  },
};

function textOf(field: FieldMeta, column: string, isBounded: boolean): string {
  const value = `${column} COLLATE BINARY`;
  const text = cases(field, column, value);
  const whens = isBounded ? text : [`octet_length(${column}) > ${LONGEST} THEN ${UNSURE}`, ...text];
  return `CASE ${whens.map((when) => `WHEN ${when} `).join('')}ELSE ${UNSURE} END`;
}

/** Numbers sort before every text, and every text before all bytes, so a comparison tells of what kind a value is. */
function cases({ type, precision, scale }: FieldMeta, column: string, value: string): string[] {
  const none = `${column} IS NULL THEN ''`;
  const isNumber = `${value} < ''`;
  const isLongText = `${value} > ${EMPTY} AND ${value} < x''`;
  const isEmptyText = `${value} = '' THEN ${EMPTY}`;
  switch (type) {
    case 'integer':
    case 'bigint':
      return [`${isNumber} THEN ${column}`, none];
    case 'number':
      return [
        `${value} BETWEEN -${LAST_PLAIN} AND ${LAST_PLAIN} AND ${value} = CAST(${column} AS INTEGER) THEN CAST(${column} AS INTEGER)`,
        `${isNumber} THEN ${NUMBER_TEXT}(${column})`,
        none,
      ];
    case 'decimal':
      return [
        `${precision > EXACT_DIGITS ? isLongText : isNumber} THEN ${DECIMAL_TEXT}(${column}, ${precision}, ${scale})`,
        none,
      ];
    case 'boolean':
      return [`${value} = 0 THEN 'false'`, `${value} = 1 THEN 'true'`, none];
    case 'blob':
      return [`${value} > x'' THEN ${BASE64}(${column})`, none, `${value} = x'' THEN ${EMPTY}`];
    default:
      return [
        `${isLongText} THEN ${column}`,
        none,
        isEmptyText,
        `${value} > '' AND ${value} < ${EMPTY} THEN ${column}`,
      ];
  }
}

/** Gives a connection the functions that the SQL above calls; each does what is done with a value that the driver reads. */
export function addCellFunctions(database: Database): void {
  database.function(NUMBER_TEXT, { deterministic: true }, (value) => String(value));
  database.function(DECIMAL_TEXT, { deterministic: true }, (value, precision, scale) => {
    const fromRaw = decimalColumn(precision as number, scale as number).fromRaw as (raw: unknown) => string;
    return fromRaw(value);
  });
  database.function(BASE64, { deterministic: true }, (value) => (value as Buffer).toString('base64'));
}
