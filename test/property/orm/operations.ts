import fc from 'fast-check';
import { type Filter, filter } from './filters.js';
import { type OwnField, type Values, values } from './item.js';

/** Which row: one of those that were ever there, counted from the newest, or a name of its own. */
export type Which = number | string;

interface Common {
  /** How far the clock goes on, or back. */
  readonly elapsedMs: number;
  readonly actor: string | null;
  readonly comment: string | null;
}

export type Verb =
  | { readonly kind: 'save'; readonly id: Which | null; readonly values: Values; readonly expected: number | null }
  | { readonly kind: 'load'; readonly id: Which }
  | { readonly kind: 'saveLoaded'; readonly values: Values }
  | { readonly kind: 'saveByMatch'; readonly match: readonly OwnField[]; readonly values: Values }
  | { readonly kind: 'saveMany'; readonly rows: ReadonlyArray<{ id: Which | null; values: Values }> }
  | { readonly kind: 'saveManyByMatch'; readonly match: readonly OwnField[]; readonly rows: readonly Values[] }
  | { readonly kind: 'update'; readonly id: Which; readonly values: Values; readonly expected: number | null }
  | { readonly kind: 'softDelete' | 'restore' | 'delete'; readonly id: Which; readonly expected: number | null }
  | { readonly kind: 'updateMany'; readonly where: Filter; readonly values: Values }
  | { readonly kind: 'softDeleteMany' | 'restoreMany'; readonly where: Filter }
  | { readonly kind: 'deleteMany'; readonly where: Filter; readonly includeDeleted: boolean }
  | { readonly kind: 'revertTo'; readonly id: Which; readonly back: number }
  | { readonly kind: 'find'; readonly where: Filter; readonly includeDeleted: boolean };

export type Operation =
  | (Common & Verb)
  | (Common & { readonly kind: 'context'; readonly operations: readonly Operation[]; readonly fails: boolean });

const common = {
  elapsedMs: fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 3 }) }, fc.constantFrom(-5_000, 60_000)),
  actor: fc.option(fc.constantFrom('ann', 'bob')),
  comment: fc.option(fc.constantFrom('why', "it's"), { freq: 2 }),
};
const which: fc.Arbitrary<Which> = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 5 }) },
  fc.constantFrom('p', 'P', 'q '),
);
const expected = fc.option(fc.nat({ max: 4 }), { freq: 4 });
const match = fc.constantFrom<readonly OwnField[]>(['code'], ['name'], ['code', 'name']);
const matched = (fields: readonly OwnField[], given: Values): Values => ({
  ...Object.fromEntries(fields.map((field) => [field, null])),
  ...given,
});

const verb: fc.Arbitrary<Verb> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('save' as const), id: fc.option(which, { freq: 2 }), values, expected }),
  },
  fc.record({ kind: fc.constant('load' as const), id: which }),
  fc.record({ kind: fc.constant('saveLoaded' as const), values }),
  fc
    .tuple(match, values)
    .map(([fields, given]) => ({ kind: 'saveByMatch' as const, match: fields, values: matched(fields, given) })),
  fc.record({
    kind: fc.constant('saveMany' as const),
    rows: fc.array(fc.record({ id: fc.option(which, { freq: 2 }), values }), { maxLength: 5 }),
  }),
  fc.tuple(match, fc.array(values, { maxLength: 4 })).map(([fields, rows]) => ({
    kind: 'saveManyByMatch' as const,
    match: fields,
    rows: rows.map((given) => matched(fields, given)),
  })),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('update' as const), id: which, values, expected }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('softDelete' as const, 'restore' as const, 'delete' as const),
      id: which,
      expected,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('updateMany' as const), where: filter, values }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('softDeleteMany' as const, 'restoreMany' as const), where: filter }),
  },
  fc.record({ kind: fc.constant('deleteMany' as const), where: filter, includeDeleted: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('revertTo' as const), id: which, back: fc.nat({ max: 3 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('find' as const), where: filter, includeDeleted: fc.boolean() }),
  },
);

const withCommon = fc.tuple(fc.record(common), verb).map(([shared, own]): Operation => ({ ...shared, ...own }));

const operation: fc.Arbitrary<Operation> = fc.letrec<{ one: Operation }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 2 },
    { weight: 9, arbitrary: withCommon },
    fc.record({
      ...common,
      kind: fc.constant('context' as const),
      operations: fc.array(tie('one'), { maxLength: 5 }),
      fails: fc.boolean(),
    }),
  ),
})).one;

const first = fc
  .tuple(fc.record(common), values)
  .map(([shared, given]): Operation => ({ ...shared, kind: 'save', id: null, values: given, expected: null }));

/** Some rows to begin with, and what is done to them. @param longest most operations outside of contexts. */
export function sequence(longest: number): fc.Arbitrary<Operation[]> {
  const rows = fc.array(first, { minLength: 4, maxLength: 8 });
  const operations = fc.array(operation, { minLength: longest / 2, maxLength: longest, size: 'max' });
  return fc.tuple(rows, operations).map((parts) => parts.flat());
}
