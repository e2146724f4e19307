import { SchemaError } from '../../base/errors.js';

/**
 * What a statement that the engine does not accept ends with.
 * @param missing it names a table or column that the database does not have.
 */
export function refusedStatement(reason: string, cause: Error, missing: boolean): SchemaError {
  const mend = missing ? '; where an entity declares it, await db.migrate() first' : '';
  return new SchemaError(`The statement was refused: ${reason}${mend}`, { cause });
}
