import { afterEach, describe, expect, it } from 'vitest';
import { runWithContext } from '../../../src/base/context.js';
import { TextSealer } from '../../../src/base/sealed-text.js';
import { Services } from '../../../src/base/services.js';
import { TaskRegistry, TaskStore, TaskStream, taskRegistryService } from '../../../src/features/tasks/index.js';
import { connectRedis, type RedisConnection } from '../../../src/redis/index.js';
import { eventually } from '../../service/setup/http-calls.js';
import { KeptLog } from '../../service/setup/kept-log.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys } from '../../setup/servers.js';

/** One instance: its registry, and what runs in its name. */
interface Instance {
  registry: TaskRegistry;
  /** The undos that became jobs, by task name. */
  enqueued: string[];
  log: KeptLog;
  run<T>(work: () => T, owner?: string): T;
}

for (const backend of REDIS_BACKENDS) {
  describe(`the tasks of several instances (${backend.name})`, () => {
    const prefix = freshPrefix();
    const connections: RedisConnection[] = [];
    let store: TaskStore;

    async function instance(options: { enqueue?: (taskName: string) => Promise<void> } = {}): Promise<Instance> {
      const connection = connections[0] ?? (await connectRedis({ url: backend.url }));
      connections[0] = connection;
      store = new TaskStore(connection.client, prefix, new TextSealer('secret', 'task tokens'));
      const [enqueued, log, services] = [[] as string[], new KeptLog(), new Services()];
      const enqueue = async (taskName: string): Promise<void> => {
        await options.enqueue?.(taskName);
        enqueued.push(taskName);
      };
      const registry = new TaskRegistry({ store, logger: log, enqueue, leaseMs: 1_000 });
      services.provide(taskRegistryService, registry);
      const run = <T>(work: () => T, id = 'ann'): T => runWithContext({ services, actor: { type: 'user', id } }, work);
      return { registry, enqueued, log, run };
    }

    afterEach(async () => {
      for (const connection of connections.splice(0)) await connection.close();
      if (backend.url) await removeKeys(backend.url, prefix);
    });

    it('are cancelled by one another, whatever their names', async () => {
      const [one, other] = [await instance(), await instance()];
      for (const taskId of ['running', 'announced', 'a:events', 'state:a', 'x y\n', 'émile']) {
        const stream = one.run(() => new TaskStream('', { taskId }));
        stream.log('said');
        await eventually(() => store.find(taskId), 'the task');
        await other.registry.cancel(taskId, { 'x-do-token': taskId });
        await eventually(() => stream.isCancelled, `the cancellation of ${JSON.stringify(taskId)}`);
        expect(stream.cancelTokens).toEqual({ 'x-do-token': taskId });
        stream.cleanup();
        await one.registry.stop();
        expect(await store.find(taskId)).toMatchObject({ state: 'cancelled', cancelled: true, owner: 'ann' });
        expect(await store.eventsAfter(taskId, 0)).toHaveLength(2);
      }
    });

    it('hear of a cancellation while much is being written', async () => {
      const [one, other] = [await instance(), await instance()];
      const stream = one.run(() => new TaskStream('loud'));
      await eventually(() => store.find(stream.taskId), 'the task');
      let isLate = false;
      const late = eventually(() => stream.isCancelled, 'the cancellation').catch(() => {
        isLate = true;
      });
      await other.registry.cancel(stream.taskId, {});
      for (let line = 0; line < 20_000 && !stream.isCancelled; line++) {
        stream.log(`line ${line}`);
        if (line % 100 === 0) await new Promise(setImmediate);
      }
      await late;
      expect(isLate).toBe(false);
      stream.complete(false);
      stream.cleanup();
      await one.registry.stop();
      const kept = await store.eventsAfter(stream.taskId, 0);
      expect(kept.length).toBeLessThanOrEqual(1_000);
      const numbers = kept.map(({ number }) => number);
      const [first = 0] = numbers;
      expect(numbers).toEqual(numbers.map((_, index) => first + index)); // the last ones, without a gap
      expect(kept.at(-1)?.text).toContain('event: complete');
    });

    it('are not taken over by who names the id of another', async () => {
      const [one, other] = [await instance(), await instance()];
      const stream = one.run(() => new TaskStream('', { taskId: 'mine' }));
      stream.log('for ann only');
      await eventually(() => store.find('mine'), 'the task');
      expect(() => one.run(() => new TaskStream('', { taskId: 'mine' }), 'eve')).toThrow(
        expect.objectContaining({ code: 'E_TASK_ID' }),
      );
      const theirs = other.run(() => new TaskStream('', { taskId: 'mine' }), 'eve');
      theirs.log('forged');
      const { kept } = theirs.onCancelTask('forged', {});
      await kept;
      theirs.cleanup();
      await other.registry.stop();
      expect(await store.find('mine')).toMatchObject({ owner: 'ann', state: 'running' });
      expect(other.log.text).toContain('A task of this id runs elsewhere');
      stream.complete(true);
      stream.cleanup();
      await one.registry.stop();
      expect(JSON.stringify(await store.eventsAfter('mine', 0))).not.toContain('forged');
      expect([one.enqueued, other.enqueued]).toEqual([[], []]);
    });

    it('can have an id that was cancelled before', async () => {
      const one = await instance();
      for (const outcome of ['cancelled', 'completed']) {
        const stream = one.run(() => new TaskStream('', { taskId: 'nightly' }));
        await eventually(async () => (await store.find('nightly'))?.state === 'running', 'the task');
        if (outcome === 'cancelled') await one.registry.cancel('nightly', {});
        else await new Promise((resolve) => setTimeout(resolve, 500)); // two looks at what was announced
        expect(stream.isCancelled).toBe(outcome === 'cancelled');
        stream.complete(outcome === 'completed');
        stream.cleanup();
        await one.registry.stop();
        expect(await store.find('nightly')).toMatchObject({ state: outcome, cancelled: outcome === 'cancelled' });
        expect(await store.eventsAfter('nightly', 0)).toHaveLength(1);
      }
    });

    it('that said how they ended run no undo, and those that did not run the ones that are jobs', async () => {
      const one = await instance();
      const made = async (end: (stream: TaskStream) => unknown): Promise<string[]> => {
        const stream = one.run(() => new TaskStream('deploy'));
        await stream.onCancelTask('first', {}).kept;
        await stream.onCancelTask('second', {}).kept;
        stream.onCancelTask('dropped', {}).discard();
        await end(stream);
        stream.cleanup();
        await one.registry.stop();
        expect(await store.undos(stream.taskId)).toEqual([]);
        return one.enqueued.splice(0);
      };
      expect(await made((stream) => stream.complete(true))).toEqual([]);
      expect(await made((stream) => stream.complete(false))).toEqual([]);
      expect(await made(() => {})).toEqual(['second', 'first']);
      expect(await made((stream) => stream.runCleanups())).toEqual(['second', 'first']);
      expect(() => one.run(() => new TaskStream('', { register: false }).onCancelTask('x', {}))).toThrow('register it');
    });

    it('keep an undo that could not be enqueued, and the others run all the same', async () => {
      let broken = true;
      const enqueue = async (taskName: string): Promise<void> => {
        if (broken && taskName === 'broken') throw new Error('no such task');
      };
      const [one, other] = [await instance({ enqueue }), await instance()];
      const stream = one.run(() => new TaskStream('deploy'));
      for (const name of ['first', 'broken', 'last']) await stream.onCancelTask(name, {}).kept;
      await stream.runCleanups();
      stream.complete(false);
      stream.cleanup();
      await one.registry.stop();
      expect(one.enqueued).toEqual(['last', 'first']);
      expect(await store.find(stream.taskId)).toMatchObject({ state: 'failed' });
      broken = false;
      await eventually(async () => {
        await other.registry.reap();
        return other.enqueued.length > 0;
      }, 'another instance');
      expect(other.enqueued).toEqual(['broken']);
      expect(await store.undos(stream.taskId)).toEqual([]);
    });

    it('hear that they were given up, when their process was only paused', async () => {
      const [one, other] = [await instance(), await instance()];
      const stream = one.run(() => new TaskStream('deploy'));
      await stream.onCancelTask('undo', {}).kept;
      await store.beat([stream.taskId], 0); // as if it had shown no sign of life
      await other.registry.reap();
      expect(other.enqueued).toEqual(['undo']);
      await eventually(() => stream.isCancelled, 'the news');
      stream.cleanup();
      await one.registry.stop();
      expect(await store.find(stream.taskId)).toMatchObject({ state: 'failed', cancelled: false });
    });

    it('have the time of a stop to end, and are then cancelled', async () => {
      const one = await instance();
      const quick = one.run(() => new TaskStream('quick'));
      const slow = one.run(() => new TaskStream('slow'));
      setTimeout(() => {
        quick.complete(true);
        quick.cleanup();
      }, 50);
      slow.signal.addEventListener('abort', () => {
        slow.complete(false, { error: 'undone' });
        slow.cleanup();
      });
      await one.registry.stop({ timeoutMs: 1_000 });
      expect(one.registry.size).toBe(0);
      expect(await store.find(quick.taskId)).toMatchObject({ state: 'completed' });
      expect(await store.find(slow.taskId)).toMatchObject({ state: 'cancelled' });
    });
  });
}
