import { ValidationError } from '../../../base/errors.js';
import type { EntityPlan } from '../entity-plan.js';
import { assertParameterCount, renderTokens, tokenize } from '../tokenizer.js';
import { isPlainObject, readField, undefinedIn } from './field-condition.js';
import { type Draft, type Fragment, NOTHING, textShape, type Write } from './fragment.js';

/** Reads a caller's `where`: a filter, or a condition in SQL, which cannot reach outside of its parentheses. */
export function readWhere(
  plan: EntityPlan,
  where: string | object | undefined,
  params: readonly unknown[] | undefined,
): Fragment {
  if (where === undefined) {
    if (params !== undefined && params.length > 0) throw new ValidationError([], 'params were given without a where');
    return NOTHING;
  }
  if (typeof where === 'string') return readText(plan, where, params ?? []);
  if (params !== undefined) throw new ValidationError([], 'params belong to a where written as text');
  const draft: Draft = { shape: '', values: [] };
  const write = readFilter(plan, where, draft);
  return { shape: draft.shape, values: draft.values, write };
}

function readText(plan: EntityPlan, where: string, params: readonly unknown[]): Fragment {
  return {
    shape: `text${params.length},${textShape(where)}`,
    values: params.map(plan.dialect.bind),
    write: (next) => {
      const rendered = renderTokens(tokenize(where, true), (name) => plan.column(name).quoted, next);
      assertParameterCount(rendered.parameters, params.length, 'where');
      return rendered.sql.trim() === '' ? '' : `(${rendered.sql}\n)`; // the line break ends a trailing comment
    },
  };
}

function readFilter(plan: EntityPlan, filter: unknown, draft: Draft): Write {
  if (!isPlainObject(filter)) throw new ValidationError([], 'where must be text or an object of fields');
  const members = Object.keys(filter).map((key) => readMember(plan, key, filter[key], draft));
  const [only] = members;
  if (members.length === 1 && only) return only;
  return (next) =>
    members
      .map((write) => write(next))
      .filter(Boolean)
      .join(' AND ');
}

function readMember(plan: EntityPlan, key: string, value: unknown, draft: Draft): Write {
  if (value === undefined) throw undefinedIn(key);
  if (key === 'and' || key === 'or') return readGroup(plan, key, value, draft);
  if (key === 'not') return readNot(plan, value, draft);
  return readField(plan.dialect, plan.column(key), value, draft);
}

function readGroup(plan: EntityPlan, key: 'and' | 'or', filters: unknown, draft: Draft): Write {
  if (!Array.isArray(filters)) throw new ValidationError([], `where.${key} must be an array of filters`);
  draft.shape += `${key}(`;
  const members = filters.map((filter) => {
    const write = readFilter(plan, filter, draft);
    draft.shape += ',';
    return write;
  });
  draft.shape += ')';
  if (members.length === 0) return () => (key === 'or' ? '1 = 0' : '');
  return (next) => {
    const parts = members.map((write) => `(${write(next) || '1 = 1'})`);
    return `(${parts.join(key === 'or' ? ' OR ' : ' AND ')})`;
  };
}

function readNot(plan: EntityPlan, filter: unknown, draft: Draft): Write {
  draft.shape += 'not(';
  const write = readFilter(plan, filter, draft);
  draft.shape += ')';
  return (next) => {
    const inner = write(next);
    return inner === '' ? '' : `NOT (${inner})`;
  };
}
