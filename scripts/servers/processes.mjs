import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const GONE_CHECK_MS = 20;

/** Processes of this system: `{ pid, parent, state }`. */
async function processes() {
  const { stdout } = await execute('ps', ['-A', '-o', 'pid=,ppid=,stat=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, state]) => ({ pid: Number(pid), parent: Number(parent), state }));
}

/** The ids of the processes that `pid` has started and that still run. */
export async function childrenOf(pid) {
  return (await processes()).filter(({ parent }) => parent === pid).map((child) => child.pid);
}

/** Those of `pids` that still run; a dead one that nobody has asked after yet does not. */
async function runningOf(pids) {
  if (pids.length === 0) return [];
  return (await processes()).filter(({ pid, state }) => pids.includes(pid) && !state.startsWith('Z'));
}

/** Kills them and waits until they are gone. */
export async function killAll(pids) {
  for (const pid of pids) killIfThere(pid);
  while ((await runningOf(pids)).length > 0) await sleep(GONE_CHECK_MS);
}

function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
