import { isPlainObject } from '../../../sql/read/field-condition.js';

/** Which rows a filter means by its form alone, whatever is in them; `some` where that depends on the rows. */
type Meant = 'all' | 'some' | 'none';

/** Whether a filter leaves no row out: none at all, `{}`, and also `{ or: [{ id }, {}] }`, or a list of exceptions that is empty. */
export function meansEveryRow(filter: unknown): boolean {
  return filter === undefined || meantBy(filter) === 'all';
}

function meantBy(filter: unknown): Meant {
  if (!isPlainObject(filter)) return 'some';
  return both(Object.keys(filter).map((key) => meantByMember(key, filter[key])));
}

function meantByMember(key: string, value: unknown): Meant {
  // What excludes every row is as much of a mistake as what excludes none.
  if (key === 'not') return meantBy(value) === 'some' ? 'some' : 'all';
  if (key === 'and' || key === 'or') {
    if (!Array.isArray(value)) return 'some';
    const members = value.map(meantBy);
    return key === 'and' ? both(members) : opposite(both(members.map(opposite)));
  }
  return isPlainObject(value) ? both(Object.keys(value).map((name) => meantByCondition(name, value[name]))) : 'some';
}

function meantByCondition(name: string, operand: unknown): Meant {
  if (!Array.isArray(operand) || operand.length > 0) return 'some';
  if (name === 'notIn') return 'all';
  return name === 'in' ? 'none' : 'some';
}

/** Of rows that must meet each of them. */
function both(members: readonly Meant[]): Meant {
  if (members.includes('none')) return 'none';
  return members.includes('some') ? 'some' : 'all';
}

function opposite(meant: Meant): Meant {
  if (meant === 'some') return 'some';
  return meant === 'all' ? 'none' : 'all';
}
