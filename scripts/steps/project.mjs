import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Says one line of progress. */
export function say(line) {
  console.log(`• ${line}`);
}

/** Ends the program with a reason and its mend, without a stack. */
export class Refusal extends Error {}

/** Runs a script's `work` and turns its outcome into an exit code: what it answers, 0 for nothing, 1 for a refusal. */
export async function runScript(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(`\n✗ ${error.message}`);
    process.exitCode = 1;
  }
}
