import { z } from 'zod';
import { ValidationError, type ValidationIssue } from '../../base/errors.js';

/** Where a value came from, as the first element of an issue's `loc`. */
export type InputPart = 'path' | 'query' | 'body';

const MAX_ISSUES = 100;
const MAX_NAME_LENGTH = 100;

/** What came of one part: its parsed value, or what is wrong with it. */
export interface CheckedPart {
  data: unknown;
  issues: readonly ValidationIssue[];
}

const NO_ISSUES: readonly ValidationIssue[] = [];

/** `value` by its schema; as it is, where there is none. */
export function checkPart(
  part: InputPart,
  schema: z.ZodType | undefined,
  value: unknown,
): CheckedPart | Promise<CheckedPart> {
  if (!schema) return { data: value, issues: NO_ISSUES };
  const parsed = parseAny(schema, value);
  const read = (result: z.ZodSafeParseResult<unknown>): CheckedPart =>
    result.success
      ? { data: result.data, issues: NO_ISSUES }
      : { data: undefined, issues: result.error.issues.flatMap((issue) => describe(part, issue, value)) };
  return parsed instanceof Promise ? parsed.then(read) : read(parsed);
}

/** @throws ValidationError that names every faulty field at once, and never what was sent. */
export function throwIfFaulty(issues: readonly ValidationIssue[]): void {
  if (issues.length > 0) throw new ValidationError(issues.slice(0, MAX_ISSUES), 'The request is not valid');
}

/** Parses with any schema; only one with asynchronous refinements pays for a promise. */
export function parseAny(
  schema: z.ZodType,
  value: unknown,
): z.ZodSafeParseResult<unknown> | Promise<z.ZodSafeParseResult<unknown>> {
  try {
    return schema.safeParse(value);
  } catch (error) {
    if (error instanceof z.core.$ZodAsyncError) return schema.safeParseAsync(value);
    throw error;
  }
}

function describe(part: InputPart, issue: z.core.$ZodIssue, input: unknown): ValidationIssue[] {
  const loc = [part, ...issue.path.map(locElement)];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ loc: [...loc, clip(key)], msg: 'Unknown field', type: issue.code }));
  }
  if (issue.code === 'invalid_type' && valueAt(input, issue.path) === undefined) {
    return [{ loc, msg: 'Field required', type: 'missing' }];
  }
  return [{ loc, msg: issue.message, type: issue.code }];
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function locElement(key: PropertyKey): string | number {
  return typeof key === 'number' ? key : clip(String(key));
}

function clip(name: string): string {
  return name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name;
}

/** Makes an array of a query value that came once, where the schema asks for an array. */
export function arrayFields(schema: z.ZodType | undefined): readonly string[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>)
    .filter(([, field]) => unwrap(field) instanceof z.ZodArray)
    .map(([name]) => name);
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema;
}
