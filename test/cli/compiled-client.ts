import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { ROOT } from '../service/setup/child.js';

/** Everything that makes TypeScript strict: a client must compile wherever people put it. */
const STRICT: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noImplicitReturns: true,
  noImplicitOverride: true,
  noFallthroughCasesInSwitch: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  erasableSyntaxOnly: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
};

/** In a browser and in Node. */
const PLACES: readonly ts.CompilerOptions[] = [
  { lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'], types: [] },
  { lib: ['lib.es2022.d.ts'], types: ['node'] },
];

// biome-ignore lint/suspicious/noExplicitAny: the module was written a moment ago
type WrittenModule = any;

export interface CompiledClient {
  /** What the compiler says in each place, without what `// @ts-expect-error` expects. */
  faults: string[];
  load(): Promise<WrittenModule>;
  remove(): void;
}

/** Compiles the text of a client, with a program that uses it, and nothing but the compiler at hand. */
export function compileClient(client: string, use = 'export {};'): CompiledClient {
  const folder = mkdtempSync(join(tmpdir(), 'app-kernel-client-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'client.ts'), client);
  writeFileSync(join(folder, 'use.ts'), use);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const faults = PLACES.flatMap((place) => {
    const program = ts.createProgram([join(folder, 'client.ts'), join(folder, 'use.ts')], { ...STRICT, ...place });
    program.emit();
    return ts.getPreEmitDiagnostics(program).map(({ messageText, file, start = 0 }) => {
      const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
      return `${file?.fileName}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
  return {
    faults,
    load: () => import(/* @vite-ignore */ pathToFileURL(join(folder, 'client.js')).href),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
