import type { ForeignTables } from '../dialect/foreign-tables.js';
import type { FieldOptions } from '../entity/field-types.js';
import { fieldOf } from './field-of-type.js';

const NUMERIC: Readonly<Record<string, FieldOptions>> = {
  smallint: { type: 'bigint' },
  integer: { type: 'bigint' },
  real: { type: 'number' },
};

/** Of every other type the server's own text loses nothing. */
export const foreignTables: ForeignTables = {
  async columnOf(_, { column: { type } }) {
    const field = fieldOf(type);
    return field ? { field, same: true } : { field: NUMERIC[type] ?? { type: 'text' }, same: false };
  },
  byBytes: (column, foreign) => (foreign ? `CAST(${column} AS text) COLLATE "C"` : column),
};
