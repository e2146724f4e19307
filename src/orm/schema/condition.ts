import { SchemaError } from '../../base/errors.js';
import type { Dialect } from '../dialect/dialect.js';
import type { EntityMeta } from '../entity/metadata.js';
import { suggestion } from '../entity/naming.js';
import { placeholders } from '../sql/read/fragment.js';
import { renderTokens, tokenizeCondition } from '../sql/tokenizer.js';

/**
 * A condition that an entity declares, as SQL of the engine.
 * @param what names the declaration in errors.
 * @throws SchemaError for an unknown `[column]` and for parameters.
 */
export function conditionSql(meta: EntityMeta, condition: string, what: string, dialect: Dialect): string {
  const column = (name: string): string => {
    const found = meta.byColumn.get(name) ?? meta.byProperty.get(name);
    if (found) return dialect.quote(found.column);
    throw new SchemaError(`${what} names an unknown column [${name}]${suggestion(name, meta.byColumn.keys())}`);
  };
  const { sql, parameters } = renderTokens(
    tokenizeCondition(condition, dialect.misleading),
    column,
    placeholders(dialect),
  );
  if (parameters > 0) throw new SchemaError(`${what} cannot take parameters`);
  return sql;
}
