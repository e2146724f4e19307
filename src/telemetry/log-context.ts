import { currentContext, runWithContext } from '../base/context.js';

/** Runs `fn`; every log line inside, also after an `await`, carries `fields`. Nested calls add up. */
export function logContext<T>(fields: Readonly<Record<string, unknown>>, fn: () => T): T {
  return runWithContext({ logFields: { ...currentContext().logFields, ...fields } }, fn);
}
