import { join } from 'node:path';
import { run } from './command.mjs';
import { ROOT } from './project.mjs';

const DEFAULT_PORT = '8000';

/** Runs the compiled examples/quickstart in the present folder until it ends; answers its exit code. */
export function runQuickstart(nodeFlags = []) {
  const program = join(ROOT, 'examples/dist/quickstart/main.js');
  const env = { PORT: process.env.PORT || DEFAULT_PORT };
  return run(process.execPath, ['--enable-source-maps', ...nodeFlags, program], { env, cwd: process.cwd() });
}
