import { SchemaError } from '../../../base/errors.js';
import type { TakeLines } from '../../dialect/csv-export.js';
import type { Connection } from '../../dialect/driver.js';

/** @throws SchemaError for an engine that writes no CSV by itself. */
export function copyOut(connection: Connection, sql: string, take: TakeLines): Promise<void> {
  if (!connection.copyOut) throw new SchemaError('This engine writes no CSV by itself');
  return connection.copyOut(sql, take);
}
