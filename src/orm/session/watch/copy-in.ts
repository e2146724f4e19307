import { SchemaError } from '../../../base/errors.js';
import type { Connection } from '../../dialect/driver.js';

/** @throws SchemaError for an engine that reads no CSV by itself. */
export function copyIn(connection: Connection, sql: string, lines: AsyncIterable<Buffer>): Promise<number> {
  if (!connection.copyIn) throw new SchemaError('This engine reads no CSV by itself');
  return connection.copyIn(sql, lines);
}
