import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';

const TICKS_PER_SECOND = 100;

/**
 * Runs one program, its input out of a file or its output into one, which gets a checksum on the way where it is asked for.
 * Answers its wall clock, and the CPU that the program itself took; what a server does for it is not in there.
 */
export async function runProgram(command, args, { input, output, sum = false, env = {} } = {}) {
  const began = performance.now();
  const own = process.cpuUsage();
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let ticks = 0;
  const watch = setInterval(() => {
    ticks = Math.max(ticks, ticksOf(child.pid));
  }, 10);
  const hash = createHash('sha256');
  const hashed = async function* (source) {
    for await (const chunk of source) {
      if (sum) hash.update(chunk);
      yield chunk;
    }
  };
  const writing = output
    ? pipeline(child.stdout, hashed, createWriteStream(output, { flush: true }))
    : child.stdout.resume();
  const reading = input ? pipeline(createReadStream(input), child.stdin) : child.stdin.end();
  await Promise.all([writing, reading]);
  const code = await ended;
  clearInterval(watch);
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  const { user, system } = process.cpuUsage(own);
  return { seconds: (performance.now() - began) / 1000, cpu: ticks / TICKS_PER_SECOND + (user + system) / 1e6 };
}

function ticksOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}

/** Runs one step of ours in a process of its own. */
export async function runOurs(program, settings) {
  const child = spawn(process.execPath, [program, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${settings.step} ended with ${code}`);
  return JSON.parse(text);
}
