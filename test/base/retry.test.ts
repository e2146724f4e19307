import { expect, test } from 'vitest';
import { backoffDelay } from '../../src/base/backoff.js';
import { retry } from '../../src/base/retry.js';

const backoff = { baseMs: 1, factor: 2, capMs: 4, jitter: 0 };

test('waits grow by the factor, up to the cap, within the jitter', () => {
  const policy = { baseMs: 100, factor: 2, capMs: 350, jitter: 0.2 };
  expect([1, 2, 3, 4].map((attempt) => backoffDelay(attempt, policy, () => 0.5))).toEqual([100, 200, 350, 350]);
  expect(backoffDelay(1, policy, () => 0)).toBe(80);
  expect(backoffDelay(1, policy, () => 0.999999)).toBe(120);
});

test('a transient fault is tried again, up to the given number of tries', async () => {
  const attempts: number[] = [];
  const work = async (attempt: number): Promise<string> => {
    attempts.push(attempt);
    if (attempt < 3) throw new Error('passing');
    return 'done';
  };
  await expect(retry(work, { tries: 3, backoff, isTransient: () => true })).resolves.toBe('done');
  expect(attempts).toEqual([1, 2, 3]);
});

test('the last error is thrown as it came', async () => {
  const fault = new Error('still down');
  await expect(retry(() => Promise.reject(fault), { tries: 2, backoff, isTransient: () => true })).rejects.toBe(fault);
});

test('a lasting fault is not tried again', async () => {
  let calls = 0;
  const work = async (): Promise<never> => {
    calls += 1;
    throw new Error('constraint');
  };
  await expect(retry(work, { backoff, isTransient: () => false })).rejects.toThrow('constraint');
  expect(calls).toBe(1);
});

test('an abort ends the wait between tries', async () => {
  const controller = new AbortController();
  const work = async (): Promise<never> => {
    controller.abort(new Error('caller left'));
    throw new Error('passing');
  };
  const long = { ...backoff, baseMs: 60_000, capMs: 60_000 };
  await expect(retry(work, { backoff: long, isTransient: () => true, signal: controller.signal })).rejects.toThrow(
    'caller left',
  );
});
