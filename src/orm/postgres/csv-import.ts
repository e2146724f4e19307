import type { CsvImport } from '../dialect/csv-import.js';
import { withEra } from './column-codecs.js';
import { copiedLine } from './errors.js';

/** `COPY`, whose rules for quotes and NULL are those of a backup. */
export const csvImport: CsvImport = {
  rewrite({ type }) {
    switch (type) {
      case 'date':
      case 'datetime':
        return withEra;
      case 'blob':
        return (base64) => `\\x${Buffer.from(base64, 'base64').toString('hex')}`;
      default:
        return undefined;
    }
  },
  statement: (table, columns) => `COPY ${table} (${columns.join(', ')}) FROM STDIN (FORMAT csv, HEADER)`,
  faultOf: copiedLine,
};
