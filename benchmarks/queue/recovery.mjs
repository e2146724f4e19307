import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROCESS = fileURLToPath(new URL('recovery-process.mjs', import.meta.url));
const LONGEST_MS = 120_000;

/** Default settings: how long after the kill -9 of its worker a job begins again, on another one. */
export async function recoveryTable(contestants, redis) {
  const lines = [];
  for (const contestant of contestants) {
    process.stderr.write(`• recovery after kill -9: ${contestant}\n`);
    lines.push(`| ${contestant} | ${await measure(contestant, redis)} |`);
  }
  return `| recovery after kill -9, default settings | seconds |\n|---|---|\n${lines.join('\n')}\n`;
}

async function measure(contestant, redis) {
  const settings = JSON.stringify({ contestant, redisUrl: redis.url });
  const victim = spawn(process.execPath, [PROCESS, settings, 'victim'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await said(victim, 'began');
  const heir = spawn(process.execPath, [PROCESS, settings, 'heir'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await said(heir, 'ready');
  victim.kill('SIGKILL');
  const killed = performance.now();
  const timer = setTimeout(() => heir.kill('SIGKILL'), LONGEST_MS);
  const isRecovered = await said(heir, 'began');
  clearTimeout(timer);
  const ended = heir.exitCode === null && heir.signalCode === null ? once(heir, 'exit') : undefined;
  heir.kill('SIGKILL');
  await ended;
  return isRecovered ? ((performance.now() - killed) / 1000).toFixed(1) : `more than ${LONGEST_MS / 1000}`;
}

async function said(child, word) {
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    if (String(chunk).includes(word)) return true;
  }
  return false;
}
