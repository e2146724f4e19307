import { join } from 'node:path';
import ts from 'typescript';
import type { Plugin } from 'vitest/config';
import { ROOT, runnableProgram } from './page-program.js';

const PROMISES = 'docs:promises';
/** The NUL marks modules that are no files. */
const PROGRAM = /^\0docs:(.+)$/;

/** Lets tests import `docs:orm/queries.md`: the code of a page as one module. */
export function docsPrograms(): Plugin {
  return {
    name: 'docs-programs',
    enforce: 'pre',
    resolveId(id) {
      if (id === PROMISES) return join(ROOT, 'test/docs/promises.ts');
      return id.startsWith('docs:') ? `\0${id}` : undefined;
    },
    load(id) {
      const page = PROGRAM.exec(id)?.[1];
      if (page === undefined) return undefined;
      const compilerOptions: ts.CompilerOptions = {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        experimentalDecorators: true,
        useDefineForClassFields: false,
      };
      return ts.transpileModule(runnableProgram(page), { compilerOptions }).outputText;
    },
  };
}
