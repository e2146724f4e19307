import { ValidationError } from '../../base/errors.js';

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
