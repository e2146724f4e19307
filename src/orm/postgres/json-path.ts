import { type JsonCondition, type JsonPath, type JsonScalar, jsonPathText } from '../dialect/json-path.js';

/** A strict path tells a member from a place; where it leads nowhere the answer is NULL, not an error. */
export function jsonEquals(column: string, path: JsonPath, value: JsonScalar): JsonCondition {
  const steps = `strict ${jsonPathText(path)}`;
  const found = (next: () => string): string =>
    `NULLIF(jsonb_path_query_first(${column}, ${next()}::jsonpath, '{}', true), 'null'::jsonb)`;
  if (value === null) return { values: [steps], write: (next) => `${found(next)} IS NULL` };
  return { values: [steps, JSON.stringify(value)], write: (next) => `${found(next)} = ${next()}::jsonb` };
}
