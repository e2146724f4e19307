import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it, vi } from 'vitest';
import { compiledProgram, pagesWithCode, ROOT } from './page-program.js';

const PAGES = pagesWithCode();

/** What the compiler says of all pages, each as a module beside its page, by page. */
function diagnostics(): Map<string, string[]> {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const programs = new Map(PAGES.map((page) => [join(ROOT, 'docs', `${page}.ts`), compiledProgram(page)]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (file) => programs.get(file) ?? readFile(file);
  host.fileExists = (file) => programs.has(file) || fileExists(file);
  const program = ts.createProgram({ rootNames: [...programs.keys()], options, host });
  const found = new Map<string, string[]>(PAGES.map((page) => [page, []]));
  for (const page of PAGES) {
    const source = program.getSourceFile(join(ROOT, 'docs', `${page}.ts`));
    for (const { messageText, start } of [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]) {
      const line = source?.text.slice(0, start).split('\n').length ?? 0;
      const code = source?.text.split('\n')[line - 1]?.trim();
      found.get(page)?.push(`${ts.flattenDiagnosticMessageText(messageText, '\n')} — ${code}`);
    }
  }
  return found;
}

describe('the code of a page', { timeout: 60_000 }, () => {
  it('compiles, and what it says does not compile does not', () => {
    expect(Object.fromEntries([...diagnostics()].filter(([, faults]) => faults.length > 0))).toEqual({});
  }, 60_000);

  for (const page of PAGES) {
    it(`runs and answers what it says: docs/${page}`, async () => {
      vi.resetModules(); // every page is a program of its own: the entities of the others are not there
      await import(/* @vite-ignore */ `docs:${page}`);
    });
  }
});
