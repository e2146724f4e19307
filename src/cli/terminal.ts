import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { KernelError } from '../base/errors.js';

/** Where a command reads and writes, so that tests can hand in their own. */
export interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream;
  errors: NodeJS.WritableStream;
}

export const processTerminal: Terminal = { input: process.stdin, output: process.stdout, errors: process.stderr };

/** One line from the terminal that is not shown while typed, or the first line of a pipe. */
export async function readSecret(question: string, terminal: Terminal): Promise<string> {
  const typed = terminal.input.isTTY === true;
  if (typed) terminal.errors.write(question);
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: terminal.input, output: unseen, terminal: typed });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
    if (typed) terminal.errors.write('\n');
  }
}

/** Writes what a command has made to the file of `--out`, whose folder is made too, or to the terminal. */
export async function writeResult(text: string, file: string | undefined, terminal: Terminal): Promise<void> {
  if (file === undefined) {
    terminal.output.write(text);
    return;
  }
  try {
    await mkdir(dirname(resolve(file)), { recursive: true });
    await writeFile(file, text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new KernelError('E_CLI', `--out ${file} cannot be written (${reason}): name a file`, { cause });
  }
  terminal.errors.write(`${file} is written\n`);
}
