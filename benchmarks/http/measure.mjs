import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ORDER, ORIGIN } from './workload.mjs';

const CONTESTANT = fileURLToPath(new URL('contestant-process.mjs', import.meta.url));
const LOAD = fileURLToPath(new URL('load-process.mjs', import.meta.url));
const WARM_UP_SECONDS = 2;
const execute = promisify(execFile);

const SAVE_ORDER = {
  path: '/api/v1/orders',
  method: 'POST',
  body: JSON.stringify(ORDER),
  headers: { 'content-type': 'application/json', origin: ORIGIN },
};

export const REQUESTS = {
  bare: { path: '/hello', method: 'GET', headers: {} },
  production: SAVE_ORDER,
  workers: SAVE_ORDER,
};

/**
 * One contestant under load: `{ perSecond, cpuMicros, p50, p99, rss }` (CPU of its process per request, ms, bytes), or
 * `{ fault }` where it did not answer as it should.
 */
export async function measure({ kind, contestant, seconds, amount, connections, profile, ...servers }) {
  const folder = mkdtempSync(join(tmpdir(), 'app-kernel-bench-'));
  const settings = JSON.stringify({ kind, contestant, folder, ...servers });
  const child = forkContestant(kind, settings, profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []);
  try {
    const { port, tokens } = await answerOf(child);
    const load = (much) => runLoad({ ...REQUESTS[kind], port, tokens, connections, ...much });
    await load(amount ? { amount: amount / 2 } : { seconds: WARM_UP_SECONDS });
    const before = await ask(child, 'cpu');
    const seen = await load({ seconds, amount });
    const after = await ask(child, 'cpu');
    if (seen.failed > 0) return { fault: `${seen.failed} of ${seen.answered} requests failed` };
    const micros = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
    return { ...seen, cpuMicros: micros / seen.answered, rss: after.rss };
  } catch (error) {
    return { fault: String(error.message).split('\n')[0] };
  } finally {
    await stop(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

export function forkContestant(kind, settings, execArgv = []) {
  const env = { ...process.env, APP_ENV: kind === 'bare' ? 'dev' : 'prod', NODE_ENV: 'production' };
  return fork(CONTESTANT, [settings], { env, execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

export async function runLoad(settings) {
  const { stdout } = await execute(process.execPath, [LOAD, JSON.stringify(settings)]);
  return JSON.parse(stdout);
}

export function ask(child, question) {
  const answer = answerOf(child);
  child.send(question);
  return answer;
}

export async function answerOf(child) {
  const waiting = new AbortController();
  const next = (event) => once(child, event, { signal: waiting.signal });
  try {
    const [answer] = await Promise.race([next('message'), next('exit').then(refuse)]);
    return answer;
  } finally {
    waiting.abort();
  }
}

function refuse([code]) {
  throw new Error(`it ended with exit code ${code}`);
}

export async function stop(child) {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.send('stop');
  const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(patience);
}
