import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JobQueue, JobRegistry } from 'app-kernel/jobs';
import { afterEach, describe, expect, it } from 'vitest';
import { connectRedis } from '../../src/redis/index.js';
import { type Child, ROOT, startNode } from '../service/setup/child.js';
import { freshFolder, releaseServices } from '../service/setup/fresh-service.js';
import { eventually } from '../service/setup/http-calls.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';

const MAIN = join(ROOT, 'dist/cli/main.js');
const TASKS = `
export const tasks = {
  greet: async ({ name }) => ({ greeting: 'Hello ' + name, pid: process.pid }),
  wait: (data, { signal }) => new Promise((resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
};
`;

const children: Child[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
  await releaseServices();
});

function worker(args: readonly string[], env: Record<string, string> = {}): Child {
  const child = startNode(MAIN, ['worker', ...args], { cwd: freshFolder(), env });
  children.push(child);
  return child;
}

function tasksModule(text = TASKS): string {
  const file = join(freshFolder(), 'tasks.mjs');
  writeFileSync(file, text);
  return file;
}

describe('app-kernel worker', () => {
  it('says what is wrong with the module, and that a Redis is missing', { timeout: 40_000 }, async () => {
    for (const [args, complaint] of [
      [['missing.mjs'], /missing\.mjs does not exist: name a compiled module/],
      [[tasksModule('throw new Error("on purpose");')], /tasks\.mjs cannot be loaded \(on purpose\)/],
      [[tasksModule(), '--concurrency', 'many'], /--concurrency many is no whole number from 1/],
      [[tasksModule('export const other = 1;')], /exports no tasks/],
      [[tasksModule()], /redisUrl/],
    ] as const) {
      const { code, stderr } = await worker(args).ended();
      expect(code).toBe(1);
      expect(stderr).toMatch(complaint);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });

  for (const { name, url } of REDIS_BACKENDS.filter((backend) => backend.url)) {
    it(`runs jobs until it is told to stop, and then lets what runs end (${name})`, {
      timeout: 40_000,
    }, async () => {
      const namespace = freshPrefix();
      const connection = await connectRedis({ url, namespace });
      const registry = JobRegistry.from({ greet: () => {}, wait: () => {} });
      const queue = new JobQueue({ redis: connection.jobs, prefix: connection.key('queue:'), registry });
      const env = { REDIS_URL: url ?? '', APP_ENV: 'test' };
      const child = worker([tasksModule(), '--namespace', namespace, '--concurrency', '3'], env);
      await child.says(/takes jobs/);
      const greeting = await queue.enqueue('greet', { name: 'Ada' });
      const done = await eventually(async () => (await queue.get(greeting.jobId))?.result, 'the greeting');
      expect(done).toEqual({ greeting: 'Hello Ada', pid: child.pid });
      const { jobId } = await queue.enqueue('wait', null, { timeoutMs: 200, maxAttempts: 1 });
      await eventually(async () => (await queue.get(jobId))?.status === 'running', 'the job to run');
      child.signal('SIGTERM');
      expect(await child.ended()).toMatchObject({ code: 0 });
      expect((await queue.stats()).workers).toBe(0);
      expect((await queue.get(jobId))?.status).toBe('failed');
      await removeKeys(url ?? '', namespace);
      await connection.close();
    });
  }
});
