import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './project.mjs';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** `npm` starts us through a shell, which dies of a SIGTERM without passing it on: then our parent is another one. */
const PARENT = process.ppid;
const PARENT_CHECK_MS = 500;

/**
 * Runs a command with our terminal and answers its exit code (128 + signal where one ended it).
 * A signal to us goes to the command, so that it ends first and in order.
 */
export function run(command, args, { env = {}, cwd = ROOT } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } });
    const stopForwarding = forwardSignals(child);
    child.once('error', (error) => {
      stopForwarding();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      stopForwarding();
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
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
