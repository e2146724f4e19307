import { existsSync } from 'node:fs';
import { KernelError } from '../base/errors.js';

/** @throws KernelError `E_CLI` for a script that Node cannot run. */
export function checkEntry(entry: string): void {
  if (/\.[cm]?tsx?$/.test(entry)) {
    const mend = 'compile it with "tsc --watch" beside this command, and name the compiled file';
    throw new KernelError('E_CLI', `${entry} is TypeScript, whose decorators Node cannot run: ${mend}`);
  }
  if (!existsSync(entry)) throw new KernelError('E_CLI', `${entry} does not exist: name the compiled entry script`);
}
