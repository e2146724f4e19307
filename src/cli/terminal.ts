import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

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
