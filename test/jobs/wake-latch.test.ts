import { afterEach, expect, it, vi } from 'vitest';
import { WakeLatch } from '../../src/jobs/worker/wake-latch.js';

afterEach(() => vi.useRealTimers());

it('ends the present wait, or the next one before it begins', async () => {
  vi.useFakeTimers();
  const latch = new WakeLatch();
  const present = latch.wait(1000);
  latch.wake();
  await present;
  latch.wake();
  await latch.wait(1000);
  expect(vi.getTimerCount()).toBe(0);
});

it('waits no longer than it is told to', async () => {
  vi.useFakeTimers();
  const ended = vi.fn();
  void new WakeLatch().wait(1000).then(ended);
  await vi.advanceTimersByTimeAsync(999);
  expect(ended).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(ended).toHaveBeenCalledOnce();
});

it('resolves no promise again when it is woken more than once', async () => {
  const again = vi.fn();
  process.on('multipleResolves', again);
  const latch = new WakeLatch();
  const wait = latch.wait(1000);
  for (let time = 0; time < 3; time++) latch.wake();
  await wait;
  await new Promise((resolve) => setImmediate(resolve));
  process.off('multipleResolves', again);
  expect(again).not.toHaveBeenCalled();
});
