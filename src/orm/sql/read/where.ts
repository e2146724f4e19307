import { SchemaError, ValidationError } from '../../../base/errors.js';
import type { EntityPlan } from '../entity-plan.js';
import { assertParameterCount, renderTokens, tokenizeCondition } from '../tokenizer.js';
import { chunks } from '../write/chunks.js';
import { isPlainObject, readField, undefinedIn } from './field-condition.js';
import { type Draft, type Fragment, NOTHING, textShape, type Write } from './fragment.js';

/** Reads a caller's `where`: a filter, or a condition in SQL, which cannot reach outside of its parentheses. */
export function readWhere(
  plan: EntityPlan,
  where: string | object | undefined,
  params: readonly unknown[] | undefined,
): Fragment {
  if (params !== undefined && !Array.isArray(params)) throw new ValidationError([], 'params must be a list of values');
  if (where === undefined) {
    if (params !== undefined && params.length > 0) throw new ValidationError([], 'params were given without a where');
    return NOTHING;
  }
  if (typeof where === 'string') {
    assertTravels(plan, params?.length ?? 0);
    return readText(plan, where, params ?? []);
  }
  if (params !== undefined) throw new ValidationError([], 'params belong to a where written as text');
  const draft: Draft = { shape: '', values: [] };
  const write = readFilter(plan, where, draft);
  assertTravels(plan, draft.values.length);
  return { shape: draft.shape, values: draft.values, write };
}

/** Parameters that a statement has beside those of its filter: the tenant, a cursor's place, changed fields. */
const ROOM = 2_000;

/** @throws ValidationError for more values than one statement can carry. */
function assertTravels({ dialect }: EntityPlan, values: number): void {
  const most = dialect.capabilities.maxParameters - ROOM;
  if (values > most)
    throw new ValidationError([], `where has ${values} values, more than the ${most} of one statement; ask in parts`);
}

function readText(plan: EntityPlan, where: string, params: readonly unknown[]): Fragment {
  return {
    shape: `text${params.length},${textShape(where)}`,
    values: params.map(plan.dialect.bind),
    write: (next) => {
      const rendered = asWritten(() => {
        const tokens = tokenizeCondition(where, plan.dialect.misleading);
        return renderTokens(tokens, (name) => plan.column(name).quoted, next);
      });
      assertParameterCount(rendered.parameters, params.length, 'where');
      return rendered.sql.trim() === '' ? '' : `(${rendered.sql})`;
    },
  };
}

/** SQL is written by whoever wrote the program: what is wrong with it is no fault of an input, which travels as parameters. */
function asWritten<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof ValidationError) throw new SchemaError(`where: ${cause.message}`, { cause });
    throw cause;
  }
}

/** Deeper than any filter that somebody writes, and far from the end of the stack. */
const DEEPEST = 100;

function readFilter(plan: EntityPlan, filter: unknown, draft: Draft, depth = 0): Write {
  if (depth > DEEPEST) throw new ValidationError([], `where is nested deeper than ${DEEPEST} levels`);
  if (!isPlainObject(filter)) throw new ValidationError([], 'where must be text or an object of fields');
  const members = Object.keys(filter).map((key) => readMember(plan, key, filter[key], draft, depth + 1));
  const [only] = members;
  if (members.length === 1 && only) return only;
  return (next) =>
    members
      .map((write) => write(next))
      .filter(Boolean)
      .join(' AND ');
}

function readMember(plan: EntityPlan, key: string, value: unknown, draft: Draft, depth: number): Write {
  if (value === undefined) throw undefinedIn(key);
  if (key === 'and' || key === 'or') return readGroup(plan, key, value, draft, depth);
  if (key === 'not') return readNot(plan, value, draft, depth);
  return readField(plan.dialect, plan.column(key), value, draft);
}

function readGroup(plan: EntityPlan, key: 'and' | 'or', filters: unknown, draft: Draft, depth: number): Write {
  if (!Array.isArray(filters)) throw new ValidationError([], `where.${key} must be an array of filters`);
  draft.shape += `${key}(`;
  const members = filters.map((filter) => {
    const write = readFilter(plan, filter, draft, depth);
    draft.shape += ',';
    return write;
  });
  draft.shape += ')';
  if (members.length === 0) return () => (key === 'or' ? '1 = 0' : '');
  return (next) => {
    const parts = members.map((write) => `(${write(next) || '1 = 1'})`);
    return `(${joined(parts, key === 'or' ? ' OR ' : ' AND ')})`;
  };
}

const MEMBERS_OF_GROUP = 16;

/** Many members stand in groups of groups: SQLite takes a plain row of them for a tree that is as deep as there are members. */
function joined(parts: readonly string[], operator: ' OR ' | ' AND '): string {
  if (parts.length <= MEMBERS_OF_GROUP) return parts.join(operator);
  const groups = chunks(parts, () => MEMBERS_OF_GROUP).map((group) => `(${group.join(operator)})`);
  return joined(groups, operator);
}

function readNot(plan: EntityPlan, filter: unknown, draft: Draft, depth: number): Write {
  draft.shape += 'not(';
  const write = readFilter(plan, filter, draft, depth);
  draft.shape += ')';
  return (next) => {
    const inner = write(next);
    return `NOT (${inner === '' ? '1 = 1' : inner})`;
  };
}
