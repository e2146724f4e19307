import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isKernelError, KernelError } from '../base/errors.js';

/**
 * What a module that is named on the command line exports.
 * @param what it should be, as in `a compiled module of entities`
 * @throws KernelError `E_CLI` for one that Node cannot run, or that throws
 */
export async function importModule(module: string, what = 'a compiled module'): Promise<Record<string, unknown>> {
  if (/\.[cm]?tsx?$/.test(module)) {
    throw new KernelError('E_CLI', `${module} is TypeScript, whose decorators Node cannot run: name the compiled file`);
  }
  if (!existsSync(module)) throw new KernelError('E_CLI', `${module} does not exist: name ${what}`);
  try {
    return (await import(pathToFileURL(resolve(module)).href)) as Record<string, unknown>;
  } catch (cause) {
    if (isKernelError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new KernelError('E_CLI', `${module} cannot be loaded (${reason}): name ${what}`, { cause });
  }
}
