import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ROOT, say } from './project.mjs';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** `npm` starts us through a shell, which dies of a SIGTERM without passing it on: then our parent is another one. */
const PARENT = process.ppid;
const PARENT_CHECK_MS = 500;

/**
 * Runs a command with our terminal and answers its exit code (128 + signal where one ended it).
 * A signal to us goes to the command, so that it ends first and in order. One that takes longer than `limitMs` is killed.
 */
export function run(command, args, { env = {}, cwd = ROOT, limitMs } = {}) {
  return new Promise((resolve, reject) => {
    const options = { cwd, stdio: 'inherit', env: { ...process.env, ...env }, detached: limitMs !== undefined };
    const child = spawn(command, args, options);
    const release = [forwardSignals(child), limitMs === undefined ? () => {} : endAfter(limitMs, child)];
    const settle = (done) => {
      for (const step of release) step();
      done();
    };
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', (code, signal) => settle(() => resolve(code ?? 128 + constants.signals[signal])));
  });
}

/** Kills a command that leads a group of its own, and what it has started, when its time is over. */
function endAfter(limitMs, child) {
  const timer = setTimeout(() => {
    say(`Not done within ${limitMs / 60_000} minutes: killed`);
    process.kill(-child.pid, 'SIGKILL');
  }, limitMs);
  return () => clearTimeout(timer);
}

function forwardSignals(child) {
  const forward = (signal) => child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  const watch = setInterval(() => {
    if (process.ppid !== PARENT) forward('SIGTERM');
  }, PARENT_CHECK_MS);
  return () => {
    clearInterval(watch);
    for (const signal of FORWARDED) process.removeListener(signal, forward);
  };
}

/** Runs a program of node_modules by its JavaScript file: one process less than npx, and the same on every system. */
export function runTool(path, args, options) {
  return run(process.execPath, [join(ROOT, 'node_modules', path), ...args], options);
}
