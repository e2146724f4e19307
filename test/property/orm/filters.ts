import fc from 'fast-check';
import { canonical, OWN_FIELDS, type OwnField, text, VALUE } from './item.js';

export type Filter = Record<string, unknown>;
/** Three-valued, as in SQL: `null` is "not known". */
type Truth = boolean | null;

const COMPARABLE = OWN_FIELDS.filter((field) => field !== 'about');
const TEXTS: readonly OwnField[] = ['name', 'code'];

const path = fc.array(fc.oneof(fc.constantFrom('a', 'b', '"', '__proto__', 'a.b', '0'), fc.nat({ max: 2 })), {
  maxLength: 3,
});
const inside = fc.oneof(fc.constantFrom(null, true, false, 0, 1, 0.1, 1e21), text);

const aboutDocument = fc.oneof(
  fc.record({ path, eq: inside }),
  fc.record({ path, ne: inside }),
  fc.boolean().map((isNull) => ({ isNull })),
);

function conditionOn(field: OwnField): fc.Arbitrary<unknown> {
  const value = VALUE[field];
  const orNull = fc.option(value, { freq: 5 });
  const list = fc.array(value, { maxLength: 12 });
  const ordered = (['gt', 'gte', 'lt', 'lte'] as const).map((name) => value.map((each) => ({ [name]: each })));
  const patterns = TEXTS.includes(field)
    ? [
        fc.oneof(text, value).map((part) => ({ contains: part })),
        fc.oneof(text, value).map((part) => ({ startsWith: part })),
        text.filter((pattern) => !/^(?:[^!]|!.)*!$/su.test(pattern)).map((like) => ({ like })),
      ]
    : [];
  return fc.oneof(
    orNull,
    orNull.map((eq) => ({ eq })),
    orNull.map((ne) => ({ ne })),
    ...ordered,
    fc.tuple(value, value).map(([gte, lt]) => ({ gte, lt })),
    list.map((members) => ({ in: members })),
    list.map((members) => ({ notIn: members })),
    fc.tuple(value, value).map((between) => ({ between })),
    fc.boolean().map((isNull) => ({ isNull })),
    ...patterns.map((arbitrary) => ({ weight: 4, arbitrary })),
  );
}

const onField: fc.Arbitrary<Filter> = fc.oneof(
  ...COMPARABLE.map((field) => ({
    weight: TEXTS.includes(field) ? 3 : 1,
    arbitrary: conditionOn(field).map((condition) => ({ [field]: condition })),
  })),
  { weight: 2, arbitrary: aboutDocument.map((condition) => ({ about: condition })) },
);

export const filter: fc.Arbitrary<Filter> = fc.letrec<{ node: Filter }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: onField },
    fc.tuple(onField, onField).map(([one, other]) => ({ ...one, ...other })),
    fc.array(tie('node'), { maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie('node'), { maxLength: 3 }).map((or) => ({ or })),
    tie('node').map((not) => ({ not })),
  ),
})).node;

/** Whether a row meets a filter, worked out the plain way. */
export function meets(row: Record<string, unknown>, where: Filter): boolean {
  return truth(row, where) === true;
}

function truth(row: Record<string, unknown>, where: Filter): Truth {
  return all(Object.entries(where).map(([key, condition]) => member(row, key, condition)));
}

function member(row: Record<string, unknown>, key: string, condition: unknown): Truth {
  if (key === 'and') return all((condition as Filter[]).map((each) => truth(row, each)));
  if (key === 'or') return not(all((condition as Filter[]).map((each) => not(truth(row, each)))));
  if (key === 'not') return not(truth(row, condition as Filter));
  const isConditions =
    typeof condition === 'object' &&
    condition !== null &&
    !(condition instanceof Date || condition instanceof Uint8Array);
  if (!isConditions) return compare(row[key], 'eq', condition);
  const { path: steps, ...conditions } = condition as Record<string, unknown>;
  const found = steps === undefined ? row[key] : follow(row[key], steps as Array<string | number>);
  const results = Object.entries(conditions).map(([operator, operand]) =>
    steps === undefined ? compare(found, operator, operand) : compareInside(found, operator, operand),
  );
  return all(results);
}

function all(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(null) ? null : true;
}

function not(value: Truth): Truth {
  return value === null ? null : !value;
}

function compare(found: unknown, operator: string, operand: unknown): Truth {
  const missing = found === null || found === undefined;
  if (operator === 'isNull') return missing === operand;
  if (operand === null) return missing === (operator === 'eq');
  const members = operand as unknown[];
  if (operator === 'in' && members.length === 0) return false;
  if (operator === 'notIn' && members.length === 0) return true;
  if (missing) return null;
  const against = (other: unknown): number => order(found, other);
  switch (operator) {
    case 'eq':
      return against(operand) === 0;
    case 'ne':
      return against(operand) !== 0;
    case 'gt':
      return against(operand) > 0;
    case 'gte':
      return against(operand) >= 0;
    case 'lt':
      return against(operand) < 0;
    case 'lte':
      return against(operand) <= 0;
    case 'in':
      return members.some((each) => against(each) === 0);
    case 'notIn':
      return members.every((each) => against(each) !== 0);
    case 'between':
      return against(members[0]) >= 0 && against(members[1]) <= 0;
    case 'contains':
      return (found as string).includes(operand as string);
    case 'startsWith':
      return (found as string).startsWith(operand as string);
    case 'like':
      return likePattern(operand as string).test(found as string);
    default:
      throw new Error(`The model knows no ${operator}`);
  }
}

/** Text by its bytes, decimals by their number. */
function order(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') {
    const decimal = /^-?\d+\.\d\d$/;
    if (decimal.test(a) && decimal.test(b)) return order(BigInt(a.replace('.', '')), BigInt(b.replace('.', '')));
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  const [left, right] = [a, b].map((each) => (each instanceof Date ? each.getTime() : each)) as [number, number];
  return left < right ? -1 : left > right ? 1 : 0;
}

function likePattern(pattern: string): RegExp {
  const parts = [...pattern.matchAll(/!(.)|(%)|(_)|(.)/gsu)].map(([, escaped, any, one, plain]) => {
    if (any) return '.*';
    if (one) return '.';
    return (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 'su');
}

function follow(document: unknown, steps: ReadonlyArray<string | number>): unknown {
  let at: unknown = document;
  for (const step of steps) {
    const isPlace = typeof step === 'number';
    if (typeof at !== 'object' || at === null || Array.isArray(at) !== isPlace || !Object.hasOwn(at, step)) return null;
    at = (at as Record<string, unknown>)[step];
  }
  return at;
}

function compareInside(found: unknown, operator: string, operand: unknown): Truth {
  const missing = found === null || found === undefined;
  if (operand === null) return missing === (operator === 'eq');
  if (missing) return null;
  return (canonical(found) === canonical(operand)) === (operator === 'eq');
}
