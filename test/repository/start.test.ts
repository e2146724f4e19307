import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));

describe('npm start', { timeout: 120_000 }, () => {
  let folder: string;
  let started: ChildProcess[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'app-kernel-start-'));
  });
  afterEach(async () => {
    for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
    started = [];
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts on a port that the system picks and waits for the banner. */
  async function start(): Promise<{ child: ChildProcess; output: string; baseUrl: string }> {
    const env = { ...process.env, PORT: '0', DATABASE_URL: `sqlite:///${join(folder, 'start.db')}`, REDIS_URL: '' };
    const child = spawn(process.execPath, [SCRIPT], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(child);
    let output = '';
    const baseUrl = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        output += chunk.toString();
        const found = /Health\s+(http:\/\/127\.0\.0\.1:\d+)\//.exec(output)?.[1];
        if (found) resolve(found);
      };
      child.stdout?.on('data', read);
      child.stderr?.on('data', read);
      child.once('exit', (code) => reject(new Error(`npm start ended with ${code}:\n${output}`)));
    });
    return { child, output, baseUrl };
  }

  async function stop(child: ChildProcess): Promise<number | null> {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const [code] = await exited;
    return code;
  }

  it('runs the quickstart, passes SIGTERM on, and neither installs nor builds a second time', async () => {
    const first = await start();
    expect((await fetch(`${first.baseUrl}/healthz`)).status).toBe(200);
    expect(await stop(first.child)).toBe(0);

    const second = await start();
    expect(second.output).not.toMatch(/Installing|Compiling/);
    expect((await fetch(`${second.baseUrl}/docs`)).status).toBe(200);
    expect(await stop(second.child)).toBe(0);
  });
});
