import { expect, it } from 'vitest';
import { SerialQueue } from '../../../src/orm/session/serial-queue.js';

it('runs one task at a time in the order they came, also after one that fails', async () => {
  const queue = new SerialQueue();
  const seen: string[] = [];
  const task = (name: string) => async () => {
    seen.push(`${name} starts`);
    await Promise.resolve();
    seen.push(`${name} ends`);
    if (name === 'b') throw new Error('b');
    return name;
  };
  const results = await Promise.allSettled(['a', 'b', 'c'].map((name) => queue.run(task(name))));
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(seen).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends']);
});

it('lets nothing overtake a task that is just starting', async () => {
  const queue = new SerialQueue();
  const seen: string[] = [];
  let inner: Promise<void> | undefined;
  await queue.run(async () => {
    inner = queue.run(async () => void seen.push('inner'));
    await Promise.resolve();
    seen.push('outer');
  });
  await inner;
  expect(seen).toEqual(['outer', 'inner']);
});

it('runs nothing while somebody holds it, and goes on when he lets go', async () => {
  const queue = new SerialQueue();
  const seen: string[] = [];
  const letGo = await queue.hold();
  const waiting = queue.run(async () => void seen.push('task'));
  await new Promise(setImmediate);
  expect(seen).toEqual([]);
  letGo();
  await waiting;
  expect(seen).toEqual(['task']);
});

it('is idle once everything has ended', async () => {
  const queue = new SerialQueue();
  let ended = false;
  void queue.run(async () => {
    await Promise.resolve();
    ended = true;
  });
  await queue.idle();
  expect(ended).toBe(true);
});
