/**
 * Runs what is inside a stage, then `end`, also where that failed. A stage that is an async function with `finally` costs
 * three promises, each of which async hooks look at; this costs one.
 */
export function surround(inside: () => Promise<unknown>, end: (completed: boolean) => void): Promise<unknown> {
  return inside().then(
    (result) => {
      end(true);
      return result;
    },
    (error: unknown) => {
      end(false);
      throw error;
    },
  );
}
