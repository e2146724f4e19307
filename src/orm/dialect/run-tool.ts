import { spawn } from 'node:child_process';
import { ConnectionError } from '../../base/errors.js';
import { NativeToolMissing } from './native-backup.js';

const MAX_COMPLAINT = 2_000;

/**
 * Runs the first of some tools that is there, without a shell. Arguments are seen by everyone on the machine, so a secret
 * goes into a file that only its owner can read.
 * @throws NativeToolMissing, or ConnectionError with what the tool complained of.
 */
export async function runTool(tools: readonly string[], args: readonly string[]): Promise<void> {
  for (const tool of tools) if (await runOne(tool, args)) return;
  throw new NativeToolMissing(tools);
}

/** @returns whether the tool is there. */
function runOne(tool: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { stdio: ['ignore', 'ignore', 'pipe'], shell: false });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = `${complaint}${text}`.slice(-MAX_COMPLAINT);
    });
    child.once('error', (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? resolve(false) : reject(error)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(true);
      else reject(new ConnectionError(`${tool} ended with ${signal ?? `status ${code}`}: ${complaint.trim()}`));
    });
  });
}
