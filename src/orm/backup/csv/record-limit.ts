import { SchemaError } from '../../../base/errors.js';
import { MAX_RECORD } from './max-record.js';

const BYTES_OF_CHARACTER = 3;

/**
 * What no restore would read is not backed up.
 * @param row its number, from 1, in the order of the key. @param record without its line end.
 * @throws SchemaError
 */
export function assertRecordFits(table: string, row: number, record: string): void {
  if (record.length * BYTES_OF_CHARACTER > MAX_RECORD && Buffer.byteLength(record) >= MAX_RECORD)
    throw tooLong(table, row);
}

export function tooLong(table: string, row: number, options?: { cause: unknown }): SchemaError {
  return new SchemaError(
    `Row ${row} of ${table}, in the order of its key, is longer than the ${MAX_RECORD} bytes that a restore can read; ` +
      'shorten its largest value, or keep that in a file',
    options,
  );
}
