import { type JsonCondition, type JsonPath, type JsonScalar, jsonPathText } from '../dialect/json-path.js';

export function jsonEquals(column: string, path: JsonPath, value: JsonScalar): JsonCondition {
  const steps = jsonPathText(path);
  const type = (next: () => string): string => `json_type(${column}, ${next()})`;
  const known = (next: () => string): string => `COALESCE(${type(next)}, 'null')`;
  if (value === null) return { values: [steps], write: (next) => `${known(next)} = 'null'` };
  const { values, write } = scalarTest(column, steps, value, type);
  return {
    values: [steps, ...values],
    write: (next) => `CASE ${known(next)} WHEN 'null' THEN NULL ELSE ${write(next)} END`,
  };
}

function scalarTest(
  column: string,
  steps: string,
  value: string | number | boolean,
  type: JsonCondition['write'],
): JsonCondition {
  switch (typeof value) {
    case 'boolean':
      return { values: [steps, String(value)], write: (next) => `${type(next)} = ${next()}` };
    case 'string':
      return {
        values: [steps, steps, value],
        write: (next) => `${type(next)} = 'text' AND json_extract(${column}, ${next()}) = ${next()}`,
      };
    default:
      // Also by its text, for SQLite reads some numbers of 17 digits as the neighbour of what they are.
      return {
        values: [steps, steps, JSON.stringify(value), steps, value],
        write: (next) =>
          `${type(next)} IN ('integer', 'real') AND (${column} -> ${next()} = ${next()} ` +
          `OR CAST(json_extract(${column}, ${next()}) AS REAL) = ${next()})`,
      };
  }
}
