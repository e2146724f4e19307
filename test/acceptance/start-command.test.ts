import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT, startNode } from '../service/setup/child.js';
import { freshFolder, releaseServices } from '../service/setup/fresh-service.js';
import { eventually } from '../service/setup/http-calls.js';
import { REDIS_BACKENDS } from '../setup/servers.js';
import { getFresh, KeptLoad, SharedServers } from './shared-service.js';

const MAIN = join(ROOT, 'dist/cli/main.js');
const opened: SharedServers[] = [];

afterEach(async () => {
  for (const servers of opened.splice(0)) await servers.close();
  await releaseServices();
});

async function open(redis: string | undefined): Promise<SharedServers> {
  const servers = await SharedServers.open('sqlite-file', redis);
  opened.push(servers);
  return servers;
}

/** The processes that answer, found by many connections. */
async function pidsOf({ baseUrl }: SharedServers): Promise<Set<number>> {
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => getFresh<{ pid: number }>(`${baseUrl}/api/v1/who`)),
  );
  return new Set(answers.map(({ pid }) => pid));
}

describe('app-kernel start', { timeout: 240_000 }, () => {
  it('refuses what cannot be run, and counts that are none', async () => {
    const script = join(freshFolder(), 'main.mjs');
    writeFileSync(script, '');
    for (const [args, complaint] of [
      [['missing.js'], /missing\.js does not exist/],
      [['main.ts'], /is TypeScript/],
      [['--workers', '0', script], /--workers 0 is no whole number from 1 to 1024/],
      [['--workers', 'many', script], /--workers many is no whole number/],
      [['--stop-timeout', '0', script], /--stop-timeout 0 is no whole number/],
    ] as const) {
      const { code, stderr } = await startNode(MAIN, ['start', ...args]).ended();
      expect(stderr).toMatch(complaint);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(code).toBe(1);
    }
  });

  it('hands what follows the script to it, and ends with a failure where the first process does not come to listen', async () => {
    const script = join(freshFolder(), 'main.mjs');
    writeFileSync(script, 'console.log(process.argv.slice(2)); process.exit(3);');
    const args = ['start', '--workers', '3', script, '--workers', 'own', '--help'];
    const { code, stdout, stderr } = await startNode(MAIN, args).ended();
    expect(stdout).toBe("[ '--workers', 'own', '--help' ]\n");
    expect(stderr).toMatch(/main\.mjs ended with status 3 before it listened/);
    expect(code).toBe(1);
  });

  it('refuses several processes that would each have a Redis in memory; one may', async () => {
    const servers = await open('');
    const { code, stderr } = await servers.command('--workers', '2').ended(60_000);
    expect(stderr).toMatch(/redisUrl.*is in memory, and each of 2 workers would have its own/s);
    expect(code).toBe(1);

    const child = await servers.start(1);
    expect(await pidsOf(servers)).toHaveLength(1);
    child.signal('SIGTERM');
    expect(await child.ended()).toMatchObject({ code: 0 });
  });

  for (const { name, url } of REDIS_BACKENDS.filter((backend) => backend.url)) {
    describe(name, () => {
      it('replaces every process on SIGHUP without a failed request', async () => {
        const servers = await open(url);
        const child = await servers.start(2);
        const before = await pidsOf(servers);
        expect(before).toHaveLength(2);
        expect(before).not.toContain(child.pid);
        const load = new KeptLoad(`${servers.baseUrl}/api/v1/who`, 16);
        const slow = new KeptLoad(`${servers.baseUrl}/api/v1/slow`, 4);

        child.signal('SIGHUP');
        await child.says(/All workers are replaced/, 60_000);
        await load.end();
        await slow.end();

        expect(load.faults).toEqual([]);
        expect(slow.faults).toEqual([]);
        expect(load.answered).toBeGreaterThan(100);
        expect(slow.pids.size).toBeGreaterThan(2);
        const after = await pidsOf(servers);
        expect(after).toHaveLength(2);
        for (const pid of before) expect(after).not.toContain(pid);
      });

      it('keeps the old processes where a new one does not start', async () => {
        const script = join(freshFolder(), 'main.mjs');
        const port = (await open(url)).port;
        const text = `import { createServer } from 'node:http';
createServer((request, response) => response.end(JSON.stringify({ pid: process.pid }))).listen(${port}, '127.0.0.1');`;
        writeFileSync(script, text);
        const child = startNode(MAIN, ['start', '--workers', '2', '--stop-timeout', '1', script]);
        try {
          await child.says(/2 workers take traffic/);
          writeFileSync(script, 'process.exit(4);');
          child.signal('SIGHUP');
          await child.says(/A new worker did not start; the others stay as they are/);
          const { pid } = await getFresh<{ pid: number }>(`http://127.0.0.1:${port}/`);
          expect(pid).toBeGreaterThan(0);
        } finally {
          await child.kill();
        }
      });

      it('leaves nobody waiting whose connection was on its way to a process that is killed', async () => {
        const servers = await open(url);
        await servers.start(2);
        const [stuck] = await pidsOf(servers);
        process.kill(stuck as number, 'SIGSTOP');
        const asked = Array.from({ length: 12 }, () =>
          getFresh<{ pid: number }>(`${servers.baseUrl}/api/v1/who`).catch(() => 'cut' as const),
        );
        const answered = await Promise.all(asked.map((answer) => Promise.race([answer, sleep(2_000)])));
        expect(answered).toContain(undefined); // what the stopped process was handed
        process.kill(stuck as number, 'SIGKILL');
        const ended = await Promise.all(asked.map((answer) => Promise.race([answer, sleep(20_000)])));
        expect(ended).not.toContain(undefined);
        expect(ended).toContain('cut');
      });

      it('starts a process again that crashed, later each time', async () => {
        const servers = await open(url);
        const child = await servers.start(2);
        const waits: number[] = [];
        for (let crash = 1; crash <= 2; crash++) {
          const [victim] = await pidsOf(servers);
          process.kill(victim as number, 'SIGKILL');
          await child.says(new RegExp(`\\(${victim}\\) ended with SIGKILL; starts again in (\\d+) ms`));
          await eventually(async () => (await pidsOf(servers)).size === 2, 'two processes', 30_000);
          expect(await pidsOf(servers)).not.toContain(victim);
        }
        await fetch(`${servers.baseUrl}/api/v1/crash`, { method: 'POST', headers: { connection: 'close' } });
        await child.says(/ended with status 7; starts again/);
        for (const [, wait] of child.output.matchAll(/starts again in (\d+) ms/g)) waits.push(Number(wait));
        expect(Math.max(...waits)).toBeLessThan(1_000);
        expect(Math.min(...waits)).toBeGreaterThanOrEqual(80);
      });

      it('lets open requests finish on SIGTERM, and ends with status 0', async () => {
        const servers = await open(url);
        const child = await servers.start(2);
        const answers = Promise.all(
          Array.from({ length: 6 }, () => getFresh<{ pid: number }>(`${servers.baseUrl}/api/v1/slow`)),
        );
        await child.says(/(SLOW[\s\S]*){6}/); // handlers that take 500 ms have begun
        child.signal('SIGTERM');
        expect(await answers).toHaveLength(6);
        expect(await child.ended()).toMatchObject({ code: 0, signal: null });
      });

      it('is not confused where the terminal signals its processes too', async () => {
        const servers = await open(url);
        const child = await servers.start(2);
        const pids = await pidsOf(servers);
        const answer = getFresh<{ pid: number }>(`${servers.baseUrl}/api/v1/slow`);
        await child.says(/SLOW/);
        for (const pid of pids) process.kill(pid, 'SIGINT');
        child.signal('SIGINT');
        expect(pids).toContain((await answer).pid);
        expect(await child.ended()).toMatchObject({ code: 0, signal: null });
      });

      it('shows Prometheus the figures of all, each with its own label', async () => {
        const servers = await open(url);
        await servers.start(2);
        await pidsOf(servers);
        const text = await (await fetch(`${servers.baseUrl}/metrics`)).text();
        for (const worker of [1, 2]) {
          expect(text).toMatch(new RegExp(`^service_started{worker="${worker}"} 1$`, 'm'));
          expect(text).toMatch(new RegExp(`^process_start_time_seconds{worker="${worker}"} \\d+`, 'm'));
        }
        expect(text.match(/^# TYPE http_requests_total counter$/gm)).toHaveLength(1);
        const counted = [...text.matchAll(/^http_requests_total{.*route="\/api\/v1\/who".*worker="\d"} (\d+)$/gm)];
        expect(counted.map(([, count]) => Number(count)).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(
          12,
        );
      });
    });
  }
});
