import { type JsonCondition, type JsonPath, type JsonScalar, jsonPathText } from '../dialect/json-path.js';

export function jsonEquals(column: string, path: JsonPath, value: JsonScalar): JsonCondition {
  const steps = jsonPathText(path);
  const arrays = wantedArrays(path);
  const found = (next: () => string): string => `JSON_EXTRACT(${column}, ${next()})`;
  const known = (next: () => string): string => {
    const tests = arrays.map(() => `JSON_TYPE(${found(next)}) = 'ARRAY'`);
    const type = `JSON_TYPE(${found(next)})`;
    return `COALESCE(${tests.length === 0 ? type : `IF(${tests.join(' AND ')}, ${type}, NULL)`}, 'NULL')`;
  };
  const location = [...arrays, steps];
  if (value === null) return { values: location, write: (next) => `${known(next)} = 'NULL'` };
  return {
    values: [...location, steps, steps, typeof value === 'boolean' ? String(value) : value],
    write: (next) => `CASE ${known(next)} WHEN 'NULL' THEN NULL ELSE ${scalarTest(value, found, next)} END`,
  };
}

/** Where the path takes a first place, which this engine finds in any value as if it were an array of one. */
function wantedArrays(path: JsonPath): string[] {
  return path.flatMap((step, index) => (step === 0 ? [jsonPathText(path.slice(0, index))] : []));
}

function scalarTest(value: string | number | boolean, found: JsonCondition['write'], next: () => string): string {
  const type = `JSON_TYPE(${found(next)})`;
  if (typeof value === 'number')
    return `${type} IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL') AND CAST(${found(next)} AS DOUBLE) = ${next()}`;
  const kind = typeof value === 'boolean' ? 'BOOLEAN' : 'STRING';
  return `${type} = '${kind}' AND CAST(JSON_UNQUOTE(${found(next)}) AS BINARY) = CAST(${next()} AS BINARY)`;
}
