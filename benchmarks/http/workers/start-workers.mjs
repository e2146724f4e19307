import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../scripts/servers/index.mjs';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const ENTRY = fileURLToPath(new URL('entry.mjs', import.meta.url));
const PATIENCE_MS = 60_000;
/** Linux counts the CPU of a process in hundredths of a second. */
const MICROS_PER_TICK = 10_000;
const PAGE_BYTES = 4_096;

/** Ours, everything on, in `count` processes of `app-kernel start`; CPU and memory are those of all of them. */
export async function startWorkers(count, settings) {
  const port = await freePort();
  const tokensFile = join(settings.folder, 'tokens.json');
  const env = { ...process.env, TOKENS_FILE: tokensFile, SETTINGS: JSON.stringify({ ...settings, port }) };
  const primary = spawn(process.execPath, [MAIN, 'start', '--workers', String(count), ENTRY], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  primary.stderr.on('data', (text) => {
    said += text;
  });
  const isReady = () => said.includes('take traffic') && existsSync(tokensFile);
  const deadline = performance.now() + PATIENCE_MS;
  while (!isReady()) {
    if (primary.exitCode !== null || performance.now() > deadline) {
      primary.kill('SIGKILL');
      throw new Error(`app-kernel start did not come to take traffic: ${said}`);
    }
    await wait(50);
  }
  return {
    port,
    tokens: JSON.parse(readFileSync(tokensFile, 'utf8')),
    usage: () => usageOf(primary.pid),
    async close() {
      const ended = once(primary, 'exit');
      primary.kill('SIGTERM');
      await ended;
    },
  };
}

/** Of a process and its children, in the form of `process.cpuUsage()`; the children have none of their own. */
function usageOf(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const sum = { cpu: { user: 0, system: 0 }, rss: 0 };
  for (const each of [pid, ...children]) {
    const fields = readFileSync(`/proc/${each}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' '); // the name may hold spaces
    sum.cpu.user += Number(fields[11]) * MICROS_PER_TICK;
    sum.cpu.system += Number(fields[12]) * MICROS_PER_TICK;
    sum.rss += Number(fields[21]) * PAGE_BYTES;
  }
  return sum;
}
