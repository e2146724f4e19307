import { ValidationError } from '../../base/errors.js';
import { shownName, suggestion } from '../entity/naming.js';
import type { FindOptions, PageOptions, StreamOptions } from './options.js';

type ReadOption = keyof (FindOptions & PageOptions & StreamOptions);

const READ_OPTIONS: Readonly<Record<ReadOption, true>> = Object.assign(Object.create(null), {
  db: true,
  signal: true,
  where: true,
  params: true,
  includeDeleted: true,
  orderBy: true,
  limit: true,
  offset: true,
  select: true,
  include: true,
  after: true,
  before: true,
  batchSize: true,
} satisfies Record<ReadOption, true>);

/**
 * A condition that is not put into `where` would leave every row in.
 * @throws ValidationError for an option that no read has.
 */
export function assertReadOptions(options: object): void {
  for (const name in options) {
    if (name in READ_OPTIONS) continue;
    const known = Object.keys(READ_OPTIONS);
    throw new ValidationError(
      [{ loc: [shownName(name)], msg: 'is no option', type: 'unknown_option' }],
      `A read has no option "${shownName(name)}"${suggestion(name, known)}; conditions belong into where: { … }`,
    );
  }
}

/**
 * A yes or no that a caller may have taken from a request, where `'false'` would be a yes.
 * @throws ValidationError for anything but a boolean.
 */
export function flag(name: string, value: boolean | undefined): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  throw new ValidationError([{ loc: [name], msg: 'must be true or false', type: 'invalid_value' }]);
}

/** The version that a caller has seen. @throws ValidationError for what is no version. */
export function seenVersion(expected: number | undefined): number | undefined {
  if (expected === undefined || (Number.isSafeInteger(expected) && expected >= 0)) return expected;
  throw new ValidationError([{ loc: ['expectedVersion'], msg: 'must be a whole number', type: 'invalid_value' }]);
}

/** @throws ValidationError for what is no list of texts. */
export function assertNames(name: string, value: unknown): asserts value is readonly string[] {
  if (Array.isArray(value) && value.every((member) => typeof member === 'string')) return;
  throw new ValidationError([{ loc: [name], msg: 'must be a list of field names', type: 'invalid_value' }]);
}
