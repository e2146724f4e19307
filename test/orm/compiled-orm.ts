import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { isLibraryBuilt } from '../../scripts/steps/compile.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  useDefineForClassFields: false,
  verbatimModuleSyntax: true,
};

/** The built ORM beside programs of a test, which run it in processes of their own, and are killed. */
export class CompiledOrm {
  readonly directory: string;

  constructor() {
    if (!isLibraryBuilt()) throw new Error('dist/ was not made from the present sources: run npm run build');
    const cache = join(ROOT, 'node_modules', '.cache');
    mkdirSync(cache, { recursive: true });
    this.directory = mkdtempSync(join(cache, 'orm-'));
    writeFileSync(join(this.directory, 'package.json'), '{"type":"module"}');
    symlinkSync(join(ROOT, 'dist/.modules/orm'), join(this.directory, 'orm'), 'dir');
  }

  /** Compiles a program beside the ORM; it imports it as `./orm/index.js`. */
  program(name: string, source: string, options: ts.CompilerOptions = {}): string {
    const path = join(this.directory, `${name}.js`);
    writeFileSync(path, ts.transpileModule(source, { compilerOptions: { ...OPTIONS, ...options } }).outputText);
    return path;
  }

  /** Runs a program to its end. @returns what it printed. */
  async run(path: string, ...args: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, [path, ...args]);
    return stdout.trim();
  }

  /** Starts a program that will be killed. @returns how it ended. */
  runUntilDeath(path: string, ...args: string[]): Promise<NodeJS.Signals | number | null> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [path, ...args], { stdio: 'ignore' });
      child.on('exit', (code, signal) => resolve(signal ?? code));
    });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
