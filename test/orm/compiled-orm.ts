import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';

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

/** The ORM as JavaScript, so that tests can run it in processes of its own, and kill them. */
export class CompiledOrm {
  readonly directory: string;

  constructor() {
    const cache = join(ROOT, 'node_modules', '.cache');
    mkdirSync(cache, { recursive: true });
    this.directory = mkdtempSync(join(cache, 'orm-'));
    writeFileSync(join(this.directory, 'package.json'), '{"type":"module"}');
    for (const room of ['base', 'orm']) this.#compile(room);
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

  #compile(folder: string): void {
    const source = join(ROOT, 'src', folder);
    mkdirSync(join(this.directory, folder), { recursive: true });
    for (const entry of readdirSync(source, { withFileTypes: true })) {
      if (entry.isDirectory()) this.#compile(join(folder, entry.name));
      else this.program(join(folder, entry.name.replace(/\.ts$/, '')), readFileSync(join(source, entry.name), 'utf8'));
    }
  }
}
