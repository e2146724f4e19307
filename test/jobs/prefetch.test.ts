import { expect, it } from 'vitest';
import { Prefetch } from '../../src/jobs/worker/prefetch.js';

it('claims nothing ahead before it knows how long handlers take, nor while they take longer than a round trip', () => {
  const prefetch = new Prefetch(4, 100);
  prefetch.stepTook(5, true);
  expect(prefetch.amount).toBe(0);
  prefetch.handlerTook(6);
  prefetch.stepTook(5, true);
  expect(prefetch.amount).toBe(0);
});

it('grows step by step to what handlers finish during a round trip, within its bound, and shrinks at once', () => {
  const prefetch = new Prefetch(2, 25);
  const amounts = [];
  prefetch.handlerTook(1);
  for (let i = 0; i < 6; i++) {
    prefetch.stepTook(10, true);
    amounts.push(prefetch.amount);
  }
  expect(amounts).toEqual([1, 2, 4, 8, 16, 20]);
  for (let i = 0; i < 3; i++) prefetch.handlerTook(0);
  prefetch.stepTook(10, true);
  expect(prefetch.amount).toBe(25);
  prefetch.handlerTook(1000);
  prefetch.stepTook(10, true);
  expect(prefetch.amount).toBe(0);
});

it('claims nothing ahead while few jobs wait, and after jobs had to wait for others', () => {
  const prefetch = new Prefetch(2, 25);
  prefetch.handlerTook(1);
  prefetch.stepTook(10, true);
  expect(prefetch.amount).toBe(1);
  prefetch.stepTook(10, false);
  expect(prefetch.amount).toBe(0);
  prefetch.stepTook(10, true);
  expect(prefetch.amount).toBe(1);
  prefetch.forget();
  prefetch.stepTook(10, true);
  expect(prefetch.amount).toBe(0);
});
