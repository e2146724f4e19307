import { request } from 'node:http';
import { createRouter, type Service, sse, streamLease, TaskCancelled, TaskStream } from 'app-kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TextSealer } from '../../src/base/sealed-text.js';
import { TaskRegistry, TaskStore, taskRegistryService } from '../../src/features/tasks/index.js';
import { deferred } from '../reliability/deferred.js';
import { freshPrefix, redisUrl, removeKeys } from '../setup/servers.js';
import { freshFolder, releaseServices, sqliteUrl, startedService } from './setup/fresh-service.js';
import { eventually, problemOf, type Send, sendOver, sendTo, signUp } from './setup/http-calls.js';
import { KeptLog } from './setup/kept-log.js';

afterEach(releaseServices);

const SECRET = 'a-secret-of-32-characters-or-more';

/** What the instances of one service share, and what its routes leave behind. */
function shared() {
  const namespace = freshPrefix();
  const undone: unknown[] = [];
  const router = createRouter({ prefix: '/deploy' });
  router.post('/', { auth: 'user', body: z.object({ steps: z.number() }) }, async ({ body }) =>
    sse(deploy(body.steps, undone)),
  );
  const options = {
    redisUrl: redisUrl(),
    redisNamespace: namespace,
    jwtSecret: SECRET,
    databaseUrl: sqliteUrl(freshFolder()),
    routers: [router],
    tasks: { destroy_droplet: async (data: unknown) => void undone.push(data) },
    rateLimitAuthenticatedRpm: 1_000,
  };
  return {
    namespace,
    undone,
    options,
    remove: async () => void (redisUrl() && (await removeKeys(redisUrl() ?? '', namespace))),
  };
}

async function* deploy(steps: number, undone: unknown[]): AsyncGenerator<string> {
  await using stream = new TaskStream('deploy');
  try {
    yield stream.log('begun');
    for (let step = 0; step < steps; step++) {
      stream.onCancel(() => void undone.push({ step, tokens: stream.cancelTokens }));
      await stream.cancellable(new Promise((resolve) => setTimeout(resolve, 50)));
      yield stream.log(`step ${step}`);
    }
    yield stream.complete(true, { result: { steps } });
  } catch (error) {
    if (!(error instanceof TaskCancelled)) throw error;
    await stream.runCleanups();
    yield stream.complete(false, { error: 'Cancelled by user' });
  }
}

interface Opened {
  taskId: string;
  read(): Promise<string | undefined>;
  rest(): Promise<string>;
  leave(): Promise<void>;
}

/** Starts a deployment and reads as far as the task's id. */
async function open(send: Send, headers: Record<string, string>, steps: number): Promise<Opened> {
  const response = await send('/api/v1/deploy', {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ steps }),
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  const read = async (): Promise<string | undefined> => {
    const { value } = await reader.read();
    return value && decoder.decode(value, { stream: true });
  };
  const rest = async (): Promise<string> => {
    let text = '';
    for (let part = await read(); part !== undefined; part = await read()) text += part;
    return text;
  };
  let begun = '';
  while (!begun.includes('task_id')) begun += await read();
  const taskId = /"task_id":"([^"]+)"/.exec(begun)?.[1] ?? '';
  return { taskId, read, rest, leave: () => reader.cancel() };
}

async function statusOf(send: Send, taskId: string, headers: Record<string, string>): Promise<{ state: string }> {
  const response = await send(`/api/v1/tasks/${taskId}/status`, { headers });
  return (await response.json()) as { state: string };
}

async function listening(options: Parameters<typeof startedService>[0]): Promise<{ service: Service; send: Send }> {
  const service = await startedService(options);
  await service.listen(0, '127.0.0.1');
  return { service, send: sendOver(`http://127.0.0.1:${service.port}`) };
}

const events = (text: string): Array<Record<string, unknown>> =>
  [...text.matchAll(/^data: (.+)$/gm)].map(([, json = '']) => JSON.parse(json));

describe('a task', () => {
  it('streams what it says to its end, and answers for it afterwards', async () => {
    const { options, remove } = shared();
    const { send } = await listening(options);
    const { headers } = await signUp(send);
    const { taskId, rest } = await open(send, headers, 2);
    expect(events(await rest()).at(-1)).toMatchObject({ type: 'complete', success: true, result: { steps: 2 } });
    const status = () => statusOf(send, taskId, headers);
    await eventually(async () => (await status()).state === 'completed', 'the state of the task');
    expect(await status()).toEqual({ task_id: taskId, active: false, cancelled: false, state: 'completed' });
    await remove();
  });

  if (redisUrl())
    it('is cancelled by its owner from another instance, undone, and told the tokens', async () => {
      const { options, undone, remove } = shared();
      const one = await listening(options);
      const other = await listening({ ...options, name: 'test-service' });
      const { headers } = await signUp(one.send);
      const { taskId, rest } = await open(one.send, headers, 100);
      const cancelled = await other.send(`/api/v1/tasks/${taskId}/cancel`, {
        method: 'POST',
        headers: { ...headers, 'X-DO-Token': 'canary' },
      });
      const begun = performance.now();
      expect(await cancelled.json()).toEqual({ status: 'cancelling', task_id: taskId });
      expect(events(await rest()).at(-1)).toMatchObject({ success: false, error: 'Cancelled by user' });
      expect(performance.now() - begun).toBeLessThan(5_000);
      expect(undone.at(-1)).toEqual({ step: 0, tokens: { 'x-do-token': 'canary' } });
      await eventually(
        async () => (await statusOf(other.send, taskId, headers)).state === 'cancelled',
        'the state of the task',
      );
      await remove();
    });

  it('is nobody else’s business', async () => {
    const { options, remove } = shared();
    const { send } = await listening(options);
    const { headers } = await signUp(send);
    const stranger = await signUp(send, 'eve@example.com');
    const { taskId, rest } = await open(send, headers, 5);
    const cancel = (id: string, init = {}) => send(`/api/v1/tasks/${id}/cancel`, { method: 'POST', ...init });
    await problemOf(await cancel(taskId, { headers: stranger.headers }), 404);
    await problemOf(await send(`/api/v1/tasks/${taskId}/events`, { headers: stranger.headers }), 404);
    expect(await (await send(`/api/v1/tasks/${taskId}/status`, { headers: stranger.headers })).json()).toMatchObject({
      active: false,
      state: 'unknown',
    });
    await problemOf(await cancel(taskId), 401);
    await problemOf(await cancel('unknown', { headers }), 400);
    expect(events(await rest()).at(-1)).toMatchObject({ success: true });
    const after = await eventually(async () => {
      const response = await cancel(taskId, { headers });
      return response.status === 200 ? undefined : response;
    }, 'the end of the task');
    await problemOf(after, 400);
    await remove();
  });

  it('goes on where a client that was cut off had stopped', async () => {
    const { options, remove } = shared();
    const { send } = await listening(options);
    const { headers } = await signUp(send);
    const { taskId, rest } = await open(send, headers, 3);
    const all = events(await rest());
    const resumed = await send(`/api/v1/tasks/${taskId}/events`, { headers: { ...headers, 'Last-Event-ID': '3' } });
    const text = await resumed.text();
    expect([...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))).toEqual([4, 5, 6]);
    expect(events(text)).toEqual(all.slice(-3));
    await remove();
  });

  it('is told of while it runs to whoever follows it', async () => {
    const { options, remove } = shared();
    const { send } = await listening(options);
    const { headers } = await signUp(send);
    const { taskId, rest } = await open(send, headers, 6);
    const followed = await send(`/api/v1/tasks/${taskId}/events`, { headers });
    expect(events(await followed.text()).map(({ type }) => type)).toEqual([
      'task_id',
      ...Array.from({ length: 7 }, () => 'log'),
      'complete',
    ]);
    await rest();
    await remove();
  });

  if (redisUrl())
    it('of a process that died is undone by another instance, once', async () => {
      const { options, undone, namespace, remove } = shared();
      const { service } = await listening(options);
      const { redis, jobs } = service.kernel;
      const store = new TaskStore(redis.client, `${namespace}tasks:`, new TextSealer(SECRET, 'task tokens'));
      await store.open('dead', 'ann', 'run');
      for (const id of [1, 2])
        await store.keepUndo('dead', { id: `u${id}`, taskName: 'destroy_droplet', data: { id } });
      await store.beat(['dead'], 1);
      const reapers = [1, 2].map(
        () =>
          new TaskRegistry({
            store,
            logger: new KeptLog(),
            enqueue: (taskName, data, jobId) => jobs.enqueue(taskName, data, { jobId }),
          }),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await store.reap(1)).toEqual(['dead']); // by somebody who dies before clearing up
      await new Promise((resolve) => setTimeout(resolve, 20));
      await Promise.all(reapers.map((reaper) => reaper.reap()));
      await eventually(() => undone.length === 2, 'the undos');
      expect(undone).toEqual(expect.arrayContaining([{ id: 1 }, { id: 2 }]));
      expect(await store.find('dead')).toMatchObject({ state: 'failed' });
      expect(await store.undos('dead')).toEqual([]);
      await remove();
    });

  it('runs the undos that are jobs when it is cancelled, but for those it has dropped', async () => {
    const { options, undone, remove } = shared();
    const { service } = await listening(options);
    const registry = service.kernel.services.get(taskRegistryService) as TaskRegistry;
    const stream = new TaskStream('deploy');
    stream.onCancelTask('destroy_droplet', { id: 1 });
    stream.onCancelTask('destroy_droplet', { id: 2 }).discard();
    await stream.runCleanups();
    await eventually(() => undone.length > 0, 'the undo');
    expect(undone).toEqual([{ id: 1 }]);
    stream.cleanup();
    await registry.stop();
    expect(await registry.store.undos(stream.taskId)).toEqual([]);
    await remove();
  });
});

describe('an event stream', () => {
  it('ends its generator and gives back its place when the client leaves', async () => {
    const ended = deferred<string>();
    const router = createRouter();
    router.get('/ticks', {}, async () =>
      sse(
        async function* (signal) {
          try {
            for (let tick = 0; !signal.aborted; tick++) {
              yield { event: 'tick', id: tick, data: { tick } };
              await new Promise((resolve) => setTimeout(resolve, 20));
            }
          } finally {
            ended.resolve(`aborted: ${signal.aborted}`);
          }
        },
        { lease: await streamLease('ann') },
      ),
    );
    const { service, send } = await listening({ routers: [router] });
    const response = await send('/api/v1/ticks');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (let text = ''; !text.includes('"tick":2'); ) text += new TextDecoder().decode((await reader.read()).value);
    expect(service.kernel.streams.size).toBe(1);
    await reader.cancel();
    expect(await ended.promise).toBe('aborted: true');
    await eventually(() => service.kernel.streams.size === 0, 'the stream to be forgotten');
    await eventually(
      async () => Number(await service.kernel.redis.client.zcard('queue:stream_leases:ann')) === 0,
      'the place of the stream',
    );
  });

  it('does not ask for more than its client takes', async () => {
    let made = 0;
    const router = createRouter();
    router.get('/flood', {}, async () =>
      sse(
        (async function* () {
          for (; made < 1_000_000; made++) yield { data: 'x'.repeat(10_000) };
        })(),
      ),
    );
    const { service } = await listening({ routers: [router] });
    const call = request({ port: service.port, host: '127.0.0.1', path: '/api/v1/flood' });
    call.end();
    await new Promise<void>((resolve) => call.once('response', (response) => resolve(void response.pause())));
    let before = -1;
    await eventually(async () => {
      const stands = made === before;
      before = made;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return stands;
    }, 'the generator to wait for its client');
    expect(made).toBeLessThan(100_000);
    call.destroy();
  });

  it('tells its client when to come back as the service stops, and nothing of a fault but that there was one', async () => {
    const router = createRouter();
    router.get('/wait', {}, async () =>
      sse(async function* (signal) {
        yield { data: 'open' };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      }),
    );
    router.get('/fail', {}, async () =>
      sse(
        (async function* () {
          yield { data: 'open' };
          throw new Error('canary of the fault');
        })(),
      ),
    );
    const logger = new KeptLog();
    const { service, send } = await listening({ routers: [router], logger });
    const failed = await (await send('/api/v1/fail')).text();
    expect(failed).toContain('event: error\n');
    expect(failed).not.toContain('canary');
    expect(logger.text).toContain('canary of the fault');
    const waiting = await send('/api/v1/wait');
    const closed = service.close();
    expect(await waiting.text()).toMatch(/data: open\n\n(:\n\n)*retry: 2000\n\n$/);
    await closed;
  });

  it('is sent in process as well', async () => {
    const { options, remove } = shared();
    const service = await startedService(options);
    const { headers } = await signUp(sendTo(service));
    const { rest } = await open(sendTo(service), headers, 1);
    expect(events(await rest()).at(-1)).toMatchObject({ success: true });
    await remove();
  });
});
