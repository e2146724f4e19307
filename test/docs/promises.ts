import { expect } from 'vitest';

/** An object of the page names the members that matter; everything else is compared whole. */
export function answers(found: unknown, promised: unknown, line: string): void {
  if (typeof promised === 'object' && promised !== null) expect(found, line).toMatchObject(promised);
  else expect(found, line).toEqual(promised);
}

export async function refuses(work: () => Promise<unknown>, errorName: string): Promise<void> {
  const outcome = await work().then(
    () => 'nothing was thrown',
    (error: Error) => error.name,
  );
  expect(outcome).toBe(errorName);
}
