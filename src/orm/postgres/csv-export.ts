import type { CsvExport } from '../dialect/csv-export.js';
import type { FieldMeta } from '../entity/metadata.js';

/** `COPY`, whose rules for quotes are those of a backup. */
export const csvExport: CsvExport = {
  text: textOf,
  statement: (select) => `COPY (${select}) TO STDOUT (FORMAT csv)`,
};

function textOf({ type }: FieldMeta, column: string): string {
  switch (type) {
    case 'number':
      return numberText(column);
    case 'boolean':
      return `${column}::text`;
    case 'date':
      return `CASE WHEN ${column} < '0001-01-01' THEN '0000-' || to_char(${column}, 'MM-DD') ELSE ${column}::text END`;
    case 'datetime':
      return datetimeText(column);
    case 'blob':
      return `replace(encode(${column}, 'base64'), E'\\n', '')`;
    default:
      return column;
  }
}

/** A tenth of a millisecond makes the server write all digits; cutting the text takes a third of what to_char takes. */
function datetimeText(column: string): string {
  const utc = `(${column} AT TIME ZONE 'UTC')`;
  const text = `replace(left((${utc} + interval '0.0001 second')::text, 23), ' ', 'T') || 'Z'`;
  const beforeYearOne = `'0000-' || to_char(${utc}, 'MM-DD"T"HH24:MI:SS.MS"Z"')`;
  return `CASE WHEN ${column} < '0001-01-01T00:00:00Z' THEN ${beforeYearOne} ELSE ${text} END`;
}

/** The server writes the same shortest digits as JavaScript, but an exponent from 1e15 on and below 1e-4, with two digits. */
function numberText(column: string): string {
  const text = `${column}::text`;
  const size = `abs(${column})`;
  return `CASE WHEN ${column} = 0 THEN '0'
    WHEN ${size} >= 1e21 OR ${size} < 1e-6 THEN regexp_replace(${text}, 'e([+-])0', 'e\\1')
    WHEN ${size} >= 1e15 OR ${size} < 1e-4 THEN ${text}::numeric::text
    ELSE ${text} END`;
}
