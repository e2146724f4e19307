import { Cancelled, sseComplete, sseEvent, sseLog, sseTaskId, sseUrls, TaskCancelled, TaskStream } from 'app-kernel';
import { describe, expect, it } from 'vitest';
import { runWithContext } from '../../../src/base/context.js';
import { Services } from '../../../src/base/services.js';
import { taskRegistryService } from '../../../src/features/tasks/index.js';

/** The payloads of event texts. */
function payloads(text: string): Array<Record<string, unknown>> {
  return [...text.matchAll(/^data: (.+)$/gm)].map(([, json = '']) => JSON.parse(json));
}

/** A task that this test cancels by hand. */
function cancellableTask(): { stream: TaskStream; cancel(tokens?: Record<string, string>): void } {
  const services = new Services();
  let cancel = (_tokens: Record<string, string>): void => {};
  services.provide(taskRegistryService, {
    open: (task: { cancel: typeof cancel }) => {
      cancel = task.cancel;
    },
    close: () => {},
    keepEvent: () => {},
  } as never);
  const stream = runWithContext({ services }, () => new TaskStream('deploy'));
  services.close();
  return { stream, cancel: (tokens = {}) => cancel(tokens) };
}

describe('the events of a task', () => {
  it('have the shapes of the wire', () => {
    expect(sseTaskId('t-1')).toBe('event: task_id\ndata: {"type":"task_id","task_id":"t-1"}\n\n');
    expect(payloads(sseLog('hi'))).toEqual([{ type: 'log', message: 'hi', level: 'info' }]);
    expect(payloads(sseComplete(true, 't-1', { result: { version: 42 } }))).toEqual([
      { type: 'complete', success: true, task_id: 't-1', error: null, result: { version: 42 } },
    ]);
    expect(payloads(sseComplete(false, 't-1', { error: 'no' }))).toMatchObject([{ success: false, error: 'no' }]);
    expect(payloads(sseUrls(['a'], 'x.com'))).toEqual([
      { type: 'urls', endpoints: ['a'], domain: 'x.com', url: 'https://x.com' },
    ]);
    expect(payloads(sseUrls(['a']))).toEqual([{ type: 'urls', endpoints: ['a'] }]);
  });

  it('hold no line that a message could have written', () => {
    const text = sseEvent('log\ndata: forged', { message: 'a\n\nevent: forged' });
    expect(text.split('\n').filter((line) => line.startsWith('event:') || line.startsWith('data:'))).toHaveLength(2);
  });

  it('begin with the id of the task, once, and are numbered', () => {
    const stream = new TaskStream('deploy');
    expect(stream.taskId).toMatch(/^deploy-[0-9a-f]{12}$/);
    const first = stream.log('one');
    expect(payloads(first).map(({ type }) => type)).toEqual(['task_id', 'log']);
    expect(first).toMatch(/^id: 1\nevent: task_id\n/);
    expect(stream.log('two', 'warning')).toMatch(/^id: 3\nevent: log\n/);
    expect(payloads(stream.event('progress', { percent: 5 }))).toEqual([{ type: 'progress', percent: 5 }]);
    expect(payloads(stream.complete(true, { result: 1 }))).toMatchObject([{ task_id: stream.taskId, result: 1 }]);
  });

  it('carry what was said last, with its time', () => {
    const stream = new TaskStream('deploy', { taskId: 'mine', register: false });
    expect([stream.log(), stream.last, stream.taskId]).toEqual(['', '', 'mine']);
    stream.message('said');
    expect(payloads(stream.log()).at(-1)).toMatchObject({
      message: expect.stringMatching(/^\[\d\d:\d\d:\d\d\] said$/),
    });
    stream.message('more');
    expect(stream.logs).toHaveLength(2);
    expect(stream.flush()).toBe(stream.logs.join('\n'));
  });
});

describe('a task that is cancelled', () => {
  it('finds out where it looks, and hands on the tokens', () => {
    const { stream, cancel } = cancellableTask();
    stream.check();
    expect(stream.isCancelled).toBe(false);
    cancel({ 'x-do-token': 'secret' });
    expect(() => stream.check()).toThrow(TaskCancelled);
    expect(() => stream.check()).toThrow(`Task ${stream.taskId} cancelled by user`);
    expect(Cancelled).toBe(TaskCancelled);
    expect(stream.cancelTokens).toEqual({ 'x-do-token': 'secret' });
    expect(stream.signal.aborted).toBe(true);
  });

  it('leaves every kind of wait', async () => {
    const never = new Promise<never>(() => {});
    const waits: Array<(stream: TaskStream) => Promise<unknown>> = [
      (stream) => stream.cancellable(never),
      (stream) => stream.cancellable(() => never),
      (stream) => stream.cancellableGather(Promise.resolve(1), never, () => never),
      (stream) => stream.cancellable((signal) => new Promise((_, reject) => signal.addEventListener('abort', reject))),
    ];
    for (const wait of waits) {
      const { stream, cancel } = cancellableTask();
      const waiting = wait(stream);
      cancel();
      await expect(waiting).rejects.toBeInstanceOf(TaskCancelled);
      await expect(wait(stream)).rejects.toBeInstanceOf(TaskCancelled);
    }
  });

  it('drops a result that came too late, and hears no failure of what it left behind', async () => {
    const { stream, cancel } = cancellableTask();
    let fail = (_error: Error): void => {};
    const left = new Promise((_, reject) => {
      fail = reject;
    });
    const waiting = stream.cancellable(left);
    cancel();
    await expect(waiting).rejects.toBeInstanceOf(TaskCancelled);
    fail(new Error('an unhandled rejection would end the test run'));
    await new Promise(setImmediate);
  });

  it('hears no failure of what was begun although it was cancelled already, or a neighbour could not begin', async () => {
    const fail = async (): Promise<never> => {
      await new Promise(setImmediate);
      throw new Error('an unhandled rejection would end the test run');
    };
    const { stream, cancel } = cancellableTask();
    const broken = (): Promise<never> => {
      throw new Error('cannot begin');
    };
    await expect(stream.cancellableGather(fail(), broken)).rejects.toThrow('cannot begin');
    cancel();
    await expect(stream.cancellable(fail())).rejects.toBeInstanceOf(TaskCancelled);
    await expect(stream.cancellableGather(fail(), fail)).rejects.toBeInstanceOf(TaskCancelled);
    await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it('goes on with what came in time', async () => {
    const { stream } = cancellableTask();
    expect(await stream.cancellable(Promise.resolve(1))).toBe(1);
    expect(await stream.cancellable(async (signal) => signal.aborted)).toBe(false);
    const [one, two] = await stream.cancellableGather(Promise.resolve(1), async () => 'two');
    expect([one, two]).toEqual([1, 'two']);
    await expect(stream.cancellable(Promise.reject(new Error('own fault')))).rejects.toThrow('own fault');
  });

  it('undoes the last first, and everything, whatever fails', async () => {
    const { stream } = cancellableTask();
    const undone: string[] = [];
    stream.onCancel((name: string) => void undone.push(name), 'first');
    stream.onCancel(() => {
      throw new Error('on purpose');
    });
    stream.onCancel(async (name: string) => void undone.push(name), 'third');
    stream.onCancel(() => Promise.reject(new Error('on purpose')));
    stream.onCancel(() => void undone.push('kept')).discard();
    await stream.runCleanups();
    expect(undone).toEqual(['third', 'first']);
    await stream.runCleanups();
    expect(undone).toHaveLength(2);
  });

  it('undoes nothing after its end', async () => {
    const undone: string[] = [];
    const { stream } = cancellableTask();
    {
      await using task = stream;
      task.onCancel(() => void undone.push('gone'));
    }
    await stream.runCleanups();
    expect(undone).toEqual([]);
    stream.cleanup();
  });
});
