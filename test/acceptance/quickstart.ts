import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, ROOT, startNode } from '../service/setup/child.js';

const MAIN = join(ROOT, 'examples/dist/quickstart/main.js');

export interface Quickstart {
  process: Child;
  baseUrl: string;
}

/** Runs the compiled quickstart, as `npm start` does, on a free port and with its files in `folder`. */
export async function startQuickstart(folder: string, env: Readonly<Record<string, string>> = {}): Promise<Quickstart> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm test", which compiles the examples`);
  const child = startNode(MAIN, [], { cwd: folder, env: { PORT: '0', ENV: 'dev', ...env } });
  const [, baseUrl = ''] = await child.says(/API\s+(http:\/\/127\.0\.0\.1:\d+)\/api\/v1/);
  await child.says(/\/metrics /); // the last command of the banner
  return { process: child, baseUrl };
}

/** The commands of the banner, as they stand there. */
export function printedCommands({ process }: Quickstart): string[] {
  const [, tour = ''] = process.output.split(/A tour, to paste into another terminal:\s*\n/);
  const commands: string[] = [];
  for (const line of tour.split('\n')) {
    if (/^ {4}\S/.test(line)) commands.push(line.slice(4));
    else if (commands.length > 0) break;
  }
  return commands;
}
